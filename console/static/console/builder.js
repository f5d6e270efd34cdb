// The segment form: conditions and terms as fields, kept in step with the JSON below them, and a live preview.

const WORDS = { "==": "is", "!=": "is not", ">=": "at least", "<=": "at most", ">": "above", "<": "below", in: "one of", exists: "is known" };
const PAUSE = 350;
const slugOf = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");

document.addEventListener("alpine:init", () => {
  Alpine.data("segmentBuilder", (previewAddress) => ({
    ...JSON.parse(document.getElementById("builder-data").textContent),
    flat: true,
    joint: "all",
    conditions: [],
    terms: [],
    threshold: 0,
    rule: null,
    busy: false,
    timer: null,
    asked: 0,

    init() {
      this.read();
      this.nameSlug();
    },

    // The slug follows the name until somebody types one.
    nameSlug() {
      const { name, slug } = this.$root.elements;
      if (slug.disabled) return;
      let own = slug.value !== "";
      slug.addEventListener("input", () => (own = slug.value !== ""));
      name.addEventListener("input", () => {
        if (!own) slug.value = slugOf(name.value).slice(0, slug.maxLength);
      });
    },

    // From the JSON to the fields. What cannot be parsed leaves the fields as they are.
    read() {
      let definition;
      try {
        definition = JSON.parse(this.text);
      } catch {
        return this.look();
      }
      this.rule = definition.rule ?? null;
      const joint = this.rule && ("any" in this.rule ? "any" : "all");
      const rules = this.rule && ("feature" in this.rule ? [this.rule] : this.rule[joint]);
      this.flat = Array.isArray(rules) && rules.every((one) => one && this.featureOf(one.feature));
      if (this.flat) {
        this.joint = joint;
        this.conditions = rules.map((one) => ({ feature: one.feature, op: one.op, typed: this.typedFrom(one) }));
      }
      this.terms = (definition.score?.terms ?? []).map((one) => ({ curve: "linear", ...one }));
      this.threshold = definition.score?.threshold ?? 0;
      this.look();
    },

    // From the fields to the JSON.
    write() {
      const definition = { rule: this.flat ? { [this.joint]: this.conditions.map((one) => this.asCondition(one)) } : this.rule };
      if (this.terms.length) definition.score = { terms: this.terms.map((one) => ({ ...one })), threshold: this.threshold };
      this.text = JSON.stringify(definition, null, 2);
      this.look();
    },

    look() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.preview(), PAUSE);
    },

    async preview() {
      const ticket = ++this.asked;
      this.busy = true;
      const body = new FormData(this.$refs.form);
      body.set("definition", this.text);
      try {
        const answer = await fetch(previewAddress, { method: "POST", body });
        const page = await answer.text();
        if (ticket === this.asked && answer.ok) this.$refs.preview.innerHTML = page;
      } finally {
        this.busy = false;
      }
    },

    featureOf(slug) {
      return this.features.find((one) => one.slug === slug);
    },
    scorable() {
      return this.features.filter((one) => one.type !== "text");
    },
    operatorsOf(condition) {
      return this.operators[this.featureOf(condition.feature)?.type ?? "number"];
    },
    wordOf(op) {
      return WORDS[op] ?? op;
    },
    unitOf(condition) {
      return this.featureOf(condition.feature)?.unit ?? "";
    },
    choicesOf(condition) {
      const feature = this.featureOf(condition.feature);
      if (condition.op === "exists" || feature?.type === "boolean") return ["yes", "no"];
      return condition.op !== "in" && feature?.options.length ? feature.options : null;
    },

    typedFrom(one) {
      if (one.op === "exists") return (one.value ?? true) ? "yes" : "no";
      if (typeof one.value === "boolean") return one.value ? "yes" : "no";
      return Array.isArray(one.value) ? one.value.join(", ") : String(one.value ?? "");
    },
    asCondition({ feature, op, typed }) {
      const type = this.featureOf(feature)?.type;
      const value = (text) => (type === "number" && text.trim() !== "" && !Number.isNaN(Number(text)) ? Number(text) : text.trim());
      if (op === "exists" || type === "boolean") return { feature, op, value: typed === "yes" };
      return { feature, op, value: op === "in" ? typed.split(",").map(value) : value(typed) };
    },

    changeFeature(condition) {
      if (!this.operatorsOf(condition).includes(condition.op)) condition.op = this.operatorsOf(condition)[0];
      this.changeOperator(condition);
    },
    changeOperator(condition) {
      const choices = this.choicesOf(condition);
      if (choices && !choices.includes(condition.typed)) condition.typed = choices[0];
      this.write();
    },
    addCondition() {
      this.conditions.push({ feature: "recency_days", op: "<=", typed: "90" });
      this.write();
    },
    addTerm() {
      this.terms.push({ feature: "frequency_365d", weight: 1, low: 0, high: 10, curve: "linear" });
      this.write();
    },
    drop(list, place) {
      list.splice(place, 1);
      this.write();
    },
  }));
});
