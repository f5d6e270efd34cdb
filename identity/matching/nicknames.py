"""Short forms of given names (English, German, French), and names that look alike but belong to different people."""

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from identity.matching.normalize import fold

# One line per full name. A short form may stand on several lines.
_SHORT_FORMS = """
abigail: abby gail
albert: al bert bertie
alexander: alex alec sandy sascha xander lex alexandre
alexandra: alex sandra sandy sascha lexi alexandrine
alfred: fred freddy alf fredi
amanda: mandy
andrew: andy drew
andreas: andi andy andre
angela: angie angelika
anna: ann anne annie anni anja nan nancy
anthony: tony toni antony
anton: toni tony antoine
antonia: toni
barbara: barb babs bärbel barbel babsi
benjamin: ben benny benji
bernard: bernie bernd bernhard
bernhard: bernd hardy
brigitte: gitte gitta birgit
catherine: cathy kate katie cat katharine kathryn cath
charles: charlie chuck chas charly karl
charlotte: lotte charlie lottie lotta
christian: chris christoph
christina: chris tina christine christin christiane christel christa
christopher: chris christoph kit topher
daniel: dan danny dani
david: dave davey
deborah: debbie deb debra
dennis: denny denis
donald: don donny
dorothy: dot dotty dolly dorothea
edward: ed eddie ted teddy ned eduard
eduard: edi ed
eleanor: ellie nora nell eleonore
elizabeth: liz lizzie beth betty eliza libby elisabeth lisa elise
elisabeth: lisa elli liesel sissi else betti lisbeth elisa
emily: em emmy
emma: em emmy
eugene: gene
evelyn: eve evie
frances: fran francie
francis: frank fran
francois: francis
franziska: franzi
franz: francis
frederick: fred freddie freddy rick fritz friedrich
friedrich: fritz fred fredi frieder
gabriele: gabi gaby gabriela gabrielle
genevieve: ginette
georg: george schorsch jorg
gerald: gerry jerry gerd
gerhard: gerd gert hardy
gertrude: trudy gerti gertrud trude
gregory: greg gregor
gunther: gunter
hannah: hanna hanne
hannelore: hanne lore
harold: harry hal
heinrich: heinz heiner henry hinrich henri harry
helene: lena leni helen helena
henry: harry hank hal
herbert: bert herb
ingeborg: inge
isabella: bella izzy isabel isabelle
jacob: jake jakob
jacques: jacky
jacqueline: jackie jacky
james: jim jimmy jamie jem
janet: jan
jean: jeannot
jeffrey: jeff geoffrey geoff
jennifer: jen jenny jenna
jeremy: jem jerry
jessica: jess jessie
joachim: jochen achim jo
johannes: hans johann hannes jan jo
john: jack johnny jon johnnie jonny
johann: hans hannes
jonathan: jon jonny john
joseph: joe joey jo josef
josef: sepp jupp beppo pepi
josephine: jo josie fina
judith: judy
jurgen: jurg
karin: kari
karl: carl kalle
katharina: kathi kathrin katrin katja kati kathe katarina
kenneth: ken kenny
kimberly: kim
klaus: claus nikolaus klausi
laura: laurie
lawrence: larry laurie
leonard: leo len lenny leonhard
louis: lou louie ludwig
ludwig: lutz wiggerl
madeleine: maddie madeline mado
magdalena: lena leni magda
manfred: manni fred
margaret: maggie meg peggy marge margie greta rita daisy
margarete: grete gretel greta margarethe margret rita margot gretchen
maria: mary marie mia mitzi ria marianne marija
martha: marthe
martin: marty
matthew: matt matty
matthias: matze hias mathias
maximilian: max maxi
michael: mike mick mickey mikey michi micha michel
michelle: shelly
monika: moni monica
nathaniel: nat nate nathan
nicholas: nick nicky nico nicolas niklas nikolas klaus
nicole: nicky nicki niki
norbert: bert
olivia: liv livvy ollie
oliver: ollie oli
pamela: pam
patricia: pat patty trish tricia patti
patrick: pat paddy rick
peter: pete pit piet pierre
petra: peti
philip: phil pip phillip philipp philippe
rachel: rae
raymond: ray
rebecca: becky becca rebekka
reinhard: hardy
renate: reni nate
richard: rick dick ricky rich richie
robert: rob bob bobby robbie bert robin
rolf: rudolf
ronald: ron ronny
rosemarie: rosi romy
rudolf: rudi rolf rudolph
samantha: sam sammy
samuel: sam sammy
sebastian: basti bastian seb
sigrid: siggi
siegfried: siggi sigi
sigmund: siggi
sophia: sophie sofia sofie
stanley: stan
stefan: steffen stephan stefano
stefanie: steffi stephanie
stephen: steve stevie steven stephan
stephanie: steph steffi stefanie
susan: sue susie suzy suzanne susanne
susanne: susi sanne susanna
terence: terry terrance
theodore: ted teddy theo theodor
theresa: terry tess tessa therese resi
thomas: tom tommy thom
timothy: tim timmy
ulrich: uli ulli
ulrike: uli ulli rike
ursula: uschi ulla uli ursel
valentina: tina
veronika: vroni veronica
victoria: vicky vicki tori viktoria
vincent: vince vinny
virginia: ginny
walter: walt wally walther
wilhelm: willi willy wim guillaume
william: bill billy will willy willie liam
wolfgang: wolf wolfi
yves: yvon
zachary: zach zack
"""

# Names that look alike but belong to different people, mostly the forms for men and women: each line holds groups
# parted by a bar, and two names of one line are different people when they stand in different groups.
_LOOKALIKES = """
alexander alexandre | alexandra alexandrine
alfred | elfriede
andreas andre | andrea andree
anton antonio | antonia
bernd bernard | bernadette
carl karl | carla karla | carol carola
christian | christina christine christin christiane christa | christoph
daniel | daniela danielle
denis dennis | denise
dominik dominic dominique | dominica dominika
erik eric erich | erika erica
ernst | erna
felix | felicia
francis | frances
francois | francoise
franz | franziska
frederic frederik frederick friedrich | frederike frederica friederike
gabriel | gabriele gabriela gabrielle
georg george | georgia georgina
gerald | geraldine
hannes | hanna hannah hanne
heinrich henrik | henrike henriette
jan | jana | jane
jean | jeanne
john jon | joan
joel | joelle
johann johannes | johanna
josef joseph | josefine josephine josefa
julian julien | julius | julia julie jule | juliane juliana | juliette
karim | karima
laurent | laura | laurence
leon | leonie leona | leonard leonhard
louis luis | louise luisa louisa
lucas lukas | lucia luzia | luca
manuel | manuela
marc mark | mara
mario | maria marie | marion
marcel | marcelle marcella
martin | martina martine
max | maxime
michael michel | michaela michelle
mila | milan
nicolas nikolas nicolaus | nicola nicole
nils | nina
oliver | olivia
pascal | pascale
patrick patrice | patricia
paul | paula pauline
philipp philip philippe | philippa
rene | renee renate
robert | roberta
roman | romana | ramona
simon | simone simona
stefan stephan steffen | stefanie stephanie stefana
theodor theodore theo | theodora thea
tim | timo | tom
valentin | valentina
victor viktor | victoria viktoria
wilhelm | wilhelmine
yvon | yvonne
"""


def _names_of_short_forms() -> dict[str, frozenset[str]]:
    full_names: dict[str, set[str]] = {}
    for line in _SHORT_FORMS.strip().splitlines():
        full, _, short_forms = line.partition(":")
        for form in (full, *short_forms.split()):
            full_names.setdefault(fold(form), set()).add(fold(full))
    return {form: frozenset(names) for form, names in full_names.items()}


def _classes(full_names: dict[str, frozenset[str]]) -> dict[str, str]:
    """Return for each form the first full name, in alphabetical order, of all that its short forms connect."""
    leader = {full: full for names in full_names.values() for full in names}

    def lead(full: str) -> str:
        while leader[full] != full:
            full = leader[full]
        return full

    for names in full_names.values():
        first, *others = sorted({lead(full) for full in names})
        for other in others:
            leader[other] = first
    return {form: lead(next(iter(names))) for form, names in full_names.items()}


def _lookalike_groups() -> dict[str, dict[int, int]]:
    """Return for each name the lines it stands on and its group in each."""
    groups: dict[str, dict[int, int]] = {}
    for number, line in enumerate(_LOOKALIKES.strip().splitlines()):
        for group, forms in enumerate(line.split("|")):
            for form in forms.split():
                groups.setdefault(fold(form), {})[number] = group
    return groups


_FULL_NAMES = _names_of_short_forms()
CLASS_OF = _classes(_FULL_NAMES)
_LOOKALIKE_GROUPS = _lookalike_groups()
_PLACES = {name: place for place, name in enumerate(dict.fromkeys([*_FULL_NAMES, *_LOOKALIKE_GROUPS]))}


def nickname_class(name: str) -> str:
    """Return a name that stands for `name` and all its short forms; wide, for blocking only."""
    return CLASS_OF.get(name, name)


def full_names(name: str) -> frozenset[str]:
    """Return the folded full names that a folded name may be a form of; none where it is not listed."""
    return _FULL_NAMES.get(name, frozenset())


def are_nicknames(one: str, other: str) -> bool:
    """Say whether two folded names may be forms of one full name."""
    return not full_names(one).isdisjoint(full_names(other))


def are_lookalikes(one: str, other: str) -> bool:
    """Say whether two folded names look alike but are borne by different people, such as Martin and Martina."""
    groups, others = _LOOKALIKE_GROUPS.get(one, {}), _LOOKALIKE_GROUPS.get(other, {})
    return any(groups[line] != others[line] for line in groups.keys() & others.keys()) and not are_nicknames(one, other)


def lookalikes(name: str) -> frozenset[str]:
    """Return the folded names that look like `name` but are borne by other people."""
    if name not in _LOOKALIKE_GROUPS:
        return frozenset()
    return frozenset(other for other in _LOOKALIKE_GROUPS if are_lookalikes(name, other))


def listed_places(names: Iterable[str]) -> NDArray[np.int32]:
    """Return where each folded name stands in the list; those that do not share the place behind its end."""
    return np.array([_PLACES.get(name, len(_PLACES)) for name in names], dtype=np.int32)


def are_nicknames_of(ones: NDArray[np.int32], others: NDArray[np.int32]) -> NDArray[np.bool_]:
    """As `are_nicknames` for many pairs, by their places in the list."""
    return _relations()[0][ones, others]


def are_lookalikes_of(ones: NDArray[np.int32], others: NDArray[np.int32]) -> NDArray[np.bool_]:
    """As `are_lookalikes` for many pairs, by their places in the list."""
    return _relations()[1][ones, others]


@cache
def _relations() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which listed names are forms of one name, and which look alike but are not."""
    size = len(_PLACES) + 1
    nicknames, lookalikes = np.zeros((size, size), dtype=np.bool_), np.zeros((size, size), dtype=np.bool_)
    forms: dict[str, list[int]] = {}
    for form, full in _FULL_NAMES.items():
        for name in full:
            forms.setdefault(name, []).append(_PLACES[form])
    for places in forms.values():
        nicknames[np.ix_(places, places)] = True
    for one, groups in _LOOKALIKE_GROUPS.items():
        for other, others in _LOOKALIKE_GROUPS.items():
            apart = any(groups[line] != others[line] for line in groups.keys() & others.keys())
            lookalikes[_PLACES[one], _PLACES[other]] = apart
    return nicknames, lookalikes & ~nicknames


def is_given_name(text: str) -> bool:
    """Say whether the first word is a given name that stands in the list; most given names do not."""
    words = fold(text).split()
    return bool(words) and words[0] in _FULL_NAMES
