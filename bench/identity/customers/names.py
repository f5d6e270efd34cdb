"""Given names: of fashions that change with the decades, and what their bearers are called."""

from random import Random

from bench.identity.customers.spread import words, zipf

_FLATTEN = 9

# After a colon, what people of that name are also called. The commoner ones come first.
_FEMALE = """
    Anna:Anni,Änne,Anne Maria:Mia,Mariechen Elisabeth:Lisa,Elli,Betty,Lisbeth Katharina:Kathi,Käthe,Kati
    Julia:Jule,Juli Sophie:Sofie,Sopherl Emma:Emmi Laura:Lauri Lena:Leni Hannah:Hanna,Hanni Sarah:Sara,Sally
    Susanne:Susi,Sanne Sabine:Bine Claudia:Claudi Monika:Moni Petra:Petzi Andrea:Andi Birgit:Biggi Martina:Tina
    Nicole:Nicki Stefanie:Steffi Christine:Christl,Tine Ursula:Uschi,Ulla Renate:Reni Ingrid:Inge Helga:Helgi
    Karin:Kari Gisela:Gisi Brigitte:Gitte,Gitti Margarete:Grete,Gretl,Margret Gertrud:Trudi,Traudl
    Johanna:Hanna,Jo Charlotte:Lotte,Charly Magdalena:Lena,Magda Theresa:Resi,Tess Franziska:Franzi,Sissi
    Veronika:Vroni Barbara:Babsi,Bärbel Angelika:Geli,Angie Cornelia:Conny,Nele Heike Silke Anja Tanja Sonja
    Melanie:Mel Jessica:Jessi Jennifer:Jenny Vanessa:Nessi Alexandra:Alex,Sandra,Sascha Victoria:Vicky,Tori
    Eleonore:Nora,Ella,Lore Mathilde:Tilda,Hilde Friederike:Rike,Fritzi Wilhelmine:Minna,Mina Josephine:Josie,Fine
    Caroline:Caro,Line Amelie:Amy Isabella:Isa,Bella Natalie:Nat,Tali Clara:Klara Helene:Leni,Lene,Nelly Greta Ida
    Frieda:Friedl Paula:Pauli Marlene:Leni Luise:Lulu,Lou Antonia:Toni Valentina:Vali,Tina Beatrice:Bea,Trixi
    Gabriele:Gabi Simone:Simi Daniela:Dani Manuela:Manu Michaela:Michi Nadine:Nadi Kerstin Anke Maike Wiebke
    Svenja Zoë Chloé Renée Aimée Geneviève:Gen,Viva Margaux Élodie:Elo Céline Solène Beatriz:Bea Inês Lucía:Luci
    Concepción:Concha,Conchita Mercedes:Merche Dolores:Lola Guadalupe:Lupe Małgorzata:Gosia Agnieszka:Aga
    Zofia:Zosia Katarzyna:Kasia Joanna:Asia Jadwiga:Jadzia Ayşe Zeynep Elif Özlem Gülçin Fatma Emine Yıldız
    Sigrid:Siri Åsa Solveig Astrid Ingeborg:Inge Maeve Siobhán Aoife Priya Ananya Meera Lakshmi Yuki Hana Mei Linh
    Thuy Fatou Aminata Zeinab Leila Yasmin:Jasmin Miriam:Miri Rebecca:Becky,Becca
"""
_MALE = """
    Johannes:Hans,Hannes,Jo Michael:Michi,Mike,Michel Thomas:Tom,Tommy Andreas:Andi,Anderl Peter:Pit,Peterl
    Stefan:Steff Alexander:Alex,Sascha,Xandi Christian:Chris,Christl Martin:Maart Wolfgang:Wolf,Wolfi Klaus
    Jürgen:Jürg Günther Hans Maximilian:Max,Maxi Lukas:Luki,Luca Felix Paul:Pauli Jonas:Joni Leon:Leo Elias:Eli
    David:Dave Daniel:Dani,Dan Tobias:Tobi Sebastian:Basti,Wastl Benjamin:Ben,Benni Matthias:Matze,Hias
    Florian:Flo Dominik:Domi Philipp:Phil,Lipp Simon:Simi Friedrich:Fritz,Fred Wilhelm:Willi,Will
    Heinrich:Heinz,Heiner Karl:Kalle,Charly Ludwig:Lutz,Wiggerl Georg:Schorsch,Jörg Josef:Sepp,Jupp,Beppo
    Franz:Franzl Anton:Toni Jakob:Jack,Jockel Robert:Rob,Bob,Robbie Richard:Ricky,Dick Edward:Ed,Eddie,Ted
    William:Bill,Will,Billy James:Jim,Jimmy,Jamie Charles:Charlie,Chuck Theodor:Theo,Teddy Konstantin:Kosta,Konni
    Leopold:Poldi,Leo Valentin:Vali Nikolaus:Klaus,Niko,Nick Bernhard:Bernd,Hardy Gerhard:Gerd,Hardy
    Reinhard:Reiner Eberhard:Ebi Ulrich:Uli,Utz Joachim:Achim,Jochen Siegfried:Sigi Manfred:Manni Helmut:Helmi
    Werner Horst Dieter:Didi Uwe Rolf Ralf Jens Sven Björn Lars Nils Torsten:Totti Holger Detlef Volker Axel
    Marcus:Mark Patrick:Pat,Paddy Dennis Kevin Marcel René André François:Fanfan Étienne:Tienne Benoît Jérôme Théo
    Raphaël:Raph José:Pepe Francisco:Paco,Pancho Ignacio:Nacho Jesús:Chus João Tomás Luís António:Tó
    Krzysztof:Krzysiek Wojciech:Wojtek Paweł Łukasz Grzegorz:Grześ Stanisław:Staszek Jiří Zdeněk Mehmet
    Mustafa:Musti Ömer Yusuf İbrahim Emre Çağlar Håkon Søren Jørgen Erik Gunnar Seán Ciarán Pádraig Niall
    Rajesh:Raj Arjun Sanjay Vikram Kenji Hiroshi Wei Minh Duc Mamadou Ibrahima Omar Hassan Karim Samuel:Sam,Sammy
    Gabriel:Gabi
"""


def _parse(text: str) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    names, called = [], {}
    for entry in words(text):
        name, _, others = entry.partition(":")
        names.append(name)
        if others:
            called[name] = tuple(others.split(","))
    return names, called


_GIVEN: dict[str, list[str]] = {}
NICKNAMES: dict[str, tuple[str, ...]] = {}
for _sex, _text in (("f", _FEMALE), ("m", _MALE)):
    _names, _called = _parse(_text)
    # The commoner ones are also joined in pairs: Anna-Lena, Hans-Peter.
    _GIVEN[_sex] = _names + [f"{one}-{other}" for one in _names[:12] for other in _names[4:12] if one != other]
    NICKNAMES |= _called


def given_name(random: Random, sex: str, year: int) -> str:
    """Return a given name, of the fashion of the decade."""
    names = _GIVEN[sex]
    rank = zipf(random, len(names), flatten=_FLATTEN)
    return names[(rank + (year - 1930) // 10 * 6) % len(names)]
