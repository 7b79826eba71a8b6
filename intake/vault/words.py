"""A fingerprint as words, for two people to compare by voice: 8 words of 8 bits each.

The words are Finnish, the same in every language of the pages, without letters that another
keyboard lacks; any two differ in two letters or more.
"""

from __future__ import annotations

import re

_LISTED = """
aalto aamu aasi ahven airo aitta ankkuri apina arkku aurinko avain banaani biisoni delfiini
elokuu etana filmi gaselli haapa haarukka haikara hakku halko hamppu hanhi hansikas harakka
harava harju hattu hauki haukka helmi herne hevonen hiekka hiiri hirvi hissi hopea huilu huone
huvila hyeena ikkuna ilma ilves istuin itikka jalava jalka jarru jauho joki joukko joulu jousi
juhla juna juuri juusto kaappi kahvi kaisla kaivo kajava kaktus kala kallio kameli kanto
kapteeni karhu kartta kauha kelkka kello keppi kerma keskus ketju kiekko kiiski kilpi kirja
kirves kissa kitara kiuas kivi koira koivu kolmio kontti korppi koski kota kruunu kukka kulho
kummi kurki kurpitsa kuusi kuutio kynsi laavu lahti laituri lakana lakki lammas lapio lapsi
latva laulu lautta leijona lepo levy liekki linja lippu lohi luistin lukko lumi luode lyhty
maito majakka makkara malja mango mansikka matka metro minttu moottori muki mylly myrsky naava
nalle narsissi neilikka nilkka nokka norppa norsu nukke numero nuoli nuotio nurmi oksa oliivi
olki omena opas orava orvokki paahto palmu paperi peili pelto penkki peruna peukalo piano
pihlaja pilvi pippuri pitsi portti posti puisto puku pulla pumppu puuro raketti ranta rastas
reki rengas rinne risti ruis runo rusina ruusu saari saha sakset salaatti sammal sauna seepra
selleri sieni siili siima silakka silta sininen sitruuna sohva sonni sorsa suksi sulka suola
suvi syksy taivas takka talo talvi tamma tarha tarina tasku teltta terassi tiikeri timantti
tomaatti torni tortta traktori tuli tunneli tuohi turkki tyyny ukkonen untuva vaahtera vadelma
valas varpu vasara vasikka vaunu vene vesi viikko viini viitta villa viulu voikukka vuori yrtti
"""
WORDS = tuple(_LISTED.split())
SPOKEN = 8  # words: 64 bits
_DIGEST = 32  # bytes of a SHA-256


def words_of(named: str) -> str:
    """The words that stand for a key by its fingerprint. ValueError unless it is one."""
    digest = bytes.fromhex(named)
    if len(digest) != _DIGEST:
        raise ValueError("a fingerprint has 64 hexadecimal digits")
    return " ".join(WORDS[number] for number in digest[:SPOKEN])


def are_words_of(typed: str, named: str) -> bool:
    """Whether a person typed these words: either case, whatever stands between them."""
    return re.findall(r"[a-z]+", typed.casefold()) == words_of(named).split()
