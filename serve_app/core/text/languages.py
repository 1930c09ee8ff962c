"""A language by any of its usual spellings, as its ISO 639-1 code (VP-004)."""

from __future__ import annotations

import re
import unicodedata

SPELLINGS = """
th, tha, thai, ไทย, ภาษาไทย
en, eng, english
zh, zho, chi, cmn, chinese, mandarin, 中文, 汉语, 漢語, 普通话, 國語
vi, vie, vietnamese, tiếng việt
ms, msa, may, zsm, malay, melayu, bahasa melayu
lo, lao, laotian, ລາວ, ພາສາລາວ
ja, jpn, japanese, 日本語
ko, kor, korean, 한국어
id, ind, in, indonesian, bahasa indonesia
tl, tgl, fil, tagalog, filipino
my, mya, bur, burmese, မြန်မာ
km, khm, khmer, ខ្មែរ
hi, hin, hindi, हिन्दी
bn, ben, bengali, বাংলা
ta, tam, tamil, தமிழ்
ar, ara, arabic, العربية
de, deu, ger, german, deutsch
fr, fra, fre, french, français
es, spa, spanish, castilian, español
pt, por, portuguese, português
it, ita, italian, italiano
nl, nld, dut, dutch, nederlands
ru, rus, russian, русский
uk, ukr, ukrainian, українська
pl, pol, polish, polski
tr, tur, turkish, türkçe
he, heb, iw, hebrew, עברית
no, nor, nb, nob, norwegian, norsk
sv, swe, swedish, svenska
yue, cantonese, 粵語
"""
"""A code, then what else it is called: ISO 639-2 and 639-3, its English name and its own. The languages
spoken here come first; of others, which only some recognisers know, the usual ones. Cantonese has no shorter
code."""
CODES = {
    name: row.split(", ")[0]
    for row in unicodedata.normalize("NFC", SPELLINGS).strip().split("\n")
    for name in row.split(", ")
}
FOUND_OUT = frozenset({"auto", "und"})
"""What callers write where the language is to be found out; `und` is the tag for that (ISO 639-2)."""
TAG = re.compile(r"([a-z]{2,3})(-[a-z0-9]{1,8})+")
"""A language with its script, region or variants (RFC 5646)."""


def language_code(spelling: str) -> str:
    """The code of a language tag, an alpha-3 code or a name, in any case; empty for none and for `auto`.

    A spelling that is not known is given back in small letters, for whoever knows their languages to refuse.
    """
    said = unicodedata.normalize("NFC", spelling).strip().casefold()
    if said in FOUND_OUT:
        return ""
    said = said if said in CODES else re.split("[.@(]", said)[0].strip()  # th_TH.UTF-8, Thai (Thailand)
    tag = TAG.fullmatch(said.replace("_", "-"))
    primary = tag[1] if tag else said
    return CODES.get(primary, primary)
