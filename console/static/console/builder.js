// The segment form: groups of conditions and terms as fields, kept in step with the JSON below them, and a live preview.

const WORDS = { "==": "is", "!=": "is not", ">=": "at least", "<=": "at most", ">": "above", "<": "below", in: "one of", exists: "is known" };
const NEGATED = { any: "none", all: "notall" };
const PAUSE = 350;
const slugOf = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "");

document.addEventListener("alpine:init", () => {
  Alpine.data("segmentBuilder", (previewAddress) => ({
    ...JSON.parse(document.getElementById("builder-data").textContent),
    flat: true,
    joint: "all",
    groups: [],
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
      const groups = this.groupsOf(this.rule);
      this.flat = groups !== null;
      if (groups) {
        this.joint = "any" in this.rule ? "any" : "all";
        this.groups = groups;
      }
      this.terms = (definition.score?.terms ?? []).map((one) => ({ curve: "linear", ...one }));
      this.threshold = definition.score?.threshold ?? 0;
      this.look();
    },

    // From the fields to the JSON.
    write() {
      const definition = { rule: this.flat ? { [this.joint]: this.groups.map((one) => this.asGroup(one)) } : this.rule };
      if (this.terms.length) definition.score = { terms: this.terms.map((one) => ({ ...one })), threshold: this.threshold };
      this.text = JSON.stringify(definition, null, 2);
      this.look();
    },

    // A rule as groups of conditions, one level deep; null when it is deeper, or names a feature that is not known.
    groupsOf(rule) {
      if (!rule) return null;
      const parts = "feature" in rule || "not" in rule ? [rule] : (rule.any ?? rule.all);
      const groups = Array.isArray(parts) ? parts.map((one) => this.groupOf(one)) : [null];
      return groups.includes(null) ? null : groups;
    },
    groupOf(part) {
      const negated = Boolean(part) && "not" in part;
      const inner = negated ? part.not : part;
      if (!inner) return null;
      const alone = "feature" in inner;
      const joint = alone || "any" in inner ? "any" : "all";
      const conditions = alone ? [inner] : inner[joint];
      if (!Array.isArray(conditions) || !conditions.length || !conditions.every((one) => one && this.featureOf(one.feature))) return null;
      return {
        mode: negated ? NEGATED[joint] : joint,
        conditions: conditions.map((one) => ({ feature: one.feature, op: one.op, typed: this.typedFrom(one) })),
      };
    },
    asGroup({ mode, conditions }) {
      const rules = conditions.map((one) => this.asCondition(one));
      const joint = mode === "any" || mode === "none" ? "any" : "all";
      const inner = rules.length === 1 ? rules[0] : { [joint]: rules };
      return mode === joint ? inner : { not: inner };
    },
    isSeveral(group) {
      return group.conditions.length > 1 || group.mode === "none" || group.mode === "notall";
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
    // What may be chosen: indicators of missing values only where a policy estimates them, or where one is in use.
    offered(slug) {
      return this.features.filter((one) => one.offered || one.slug === slug);
    },
    scorable(slug) {
      return this.offered(slug).filter((one) => one.type !== "text");
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
    addGroup() {
      this.groups.push({ mode: "any", conditions: [this.newCondition()] });
      this.write();
    },
    addTo(group) {
      if (group.conditions.length === 1 && group.mode === "all") group.mode = "any";
      group.conditions.push(this.newCondition());
      this.write();
    },
    newCondition() {
      return { feature: "recency_days", op: "<=", typed: "90" };
    },
    dropCondition(group, place) {
      group.conditions.splice(place, 1);
      if (!group.conditions.length) this.groups.splice(this.groups.indexOf(group), 1);
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
