"""What organizations are by law, as their names say it: words that come and go."""

import re

# Folded: German, English, French, Dutch, Nordic, Italian, Spanish, Portuguese, Polish, Czech, Hungarian, Baltic,
# Balkan, Greek, Turkish, Russian, Ukrainian, Indonesian, Malay and Vietnamese ones.
_FORMS_OF_FIRMS = """
    ag gmbh kg kgaa ohg ug mbh aktiengesellschaft inc incorporated ltd limited llc llp plc corp corporation company pty
    pvt sa sarl sas sasu eurl srl spa sl slu ltda lda eireli bv nv oy oyj ab aps asa sro zoo spzoo kft zrt doo ood
    ooo oao zao pao eood ead uab osakeyhtio kommandiittiyhtio aktiebolag aktieselskab nyrt sirketi epe tbk sdn bhd
    tnhh
    """
_OF_OTHERS = "gesellschaft ev foundation stiftung association verein university hospital"
LEGAL_FORMS = frozenset(f"{_FORMS_OF_FIRMS} {_OF_OTHERS}".split())
# Forms so short that persons and firms are called so as well: by them nobody is taken for an organization, and they go
# only from where they stand by custom and where two other words say who it is.
LAST_FORMS = frozenset(["as", "ou", "ky", "tmi", "bt", "mb", "sti", "ike", "pp"])
FIRST_FORMS = frozenset(["sia", "pt", "cv", "tov", "fop", "ou", "mb"])
# Words of an organization's name that come and go: its legal form, and what joins the others.
PASSING = frozenset(f"{_FORMS_OF_FIRMS} gesellschaft ev co and und et y e i the der die das of".split())
# Legal forms of several words, and those that no space parts from the name; the signs around them go, too.
LONG_FORMS = re.compile(
    r"gesellschaft mit beschr(?:ä|ae|a)nkter haftung|unternehmergesellschaft \(haftungsbeschr(?:ä|ae|a)nkt\)"
    r"|soci(?:é|e)t(?:é|e) (?:anonyme|par actions simplifi(?:é|e)e|(?:à|a) responsabilit(?:é|e) limit(?:é|e)e)"
    r"|sociedad (?:an(?:ó|o)nima|limitada)|societ(?:à|a) (?:per azioni|a responsabilit(?:à|a) limitata)"
    r"|sp(?:\.|(?:ó|o)(?:ł|l)ka) z (?:o\. ?o\.?|oo\b|ograniczon(?:ą|a) odpowiedzialno(?:ś|s)ci(?:ą|a))"
    r"|общество с ограниченной ответственностью|(?:публичное )?акционерное общество"
    r"|株式会社|有限会社|合同会社|合資会社|合名会社|[(（][株有][)）]|㈱|㈲"
    r"|股份有限公司|有限责任公司|有限責任公司|有限公司|주식회사|유한회사|[(（]주[)）]|㈜",
    re.IGNORECASE,
)
