"""The sound of a place, which a prompt names in English, Thai or Vietnamese."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from deployments.video.embedded import ambience_sounds
from deployments.video.embedded.noise import Signal, finished
from deployments.video.embedded.prompt_words import pattern, plain
from deployments.video.mp4 import SOUND_RATE, Sound

LEVEL = 10 ** (-18 / 20)
"""RMS, of full scale: background, as film mixes have it, and heard on a telephone."""
FADE_S = 0.4
"""A short video would be all fade with more."""
QUIET = "room"
"""Where nothing is named."""
SOUNDS: dict[str, Callable[[np.random.Generator, int], Signal]] = {
    "sea": ambience_sounds.sea,
    "river": ambience_sounds.river,
    "rain": ambience_sounds.rain,
    "wind": ambience_sounds.wind,
    "birds": ambience_sounds.birds,
    "crickets": ambience_sounds.crickets,
    "city": ambience_sounds.city,
    "fire": ambience_sounds.fire,
    "crowd": ambience_sounds.crowd,
    "bells": ambience_sounds.bells,
    QUIET: ambience_sounds.room,
}
WORDS = {
    "sea": "sea|ocean|beach|waves?|surf|coast|shore|seaside|island|biển|sóng|đại dương"
    "|ทะเล|คลื่น|ชายหาด|มหาสมุทร",
    "river": "river|stream|brook|creek|waterfalls?|fountain|canal|sông|suối|thác|thác nước"
    "|แม่น้ำ|ลำธาร|น้ำตก|คลอง|น้ำพุ",
    "rain": "rain|rains|rainy|raining|rainfall|storm|stormy|drizzle|monsoon|mưa|cơn bão|ฝน|พายุ",
    "wind": "wind|winds|windy|breeze|desert|mountains?|hills?|snow|snowy|gió|núi|sa mạc|tuyết"
    "|(?<!ก)ลม|ภูเขา|ทะเลทราย|หิมะ",
    "birds": "birds?|birdsong|forest|woods|jungle|garden|park|meadow|morning|dawn|chim|rừng"
    "|vườn|công viên|buổi sáng|bình minh|(?<![พผ])นก|ป่า|สวน|ยามเช้า|ตอนเช้า",
    "crickets": "crickets?|cicadas?|night|midnight|moonlight|moonlit|rice fields?|dế|đêm|ánh trăng|cánh đồng"
    "|จิ้งหรีด|จักจั่น|กลางคืน|ยามค่ำ|ค่ำคืน|แสงจันทร์|ทุ่งนา",
    "city": "city|street|streets|traffic|cars?|road|highway|downtown|skyline|thành phố"
    "|đường phố|giao thông|xe cộ|เมือง|ถนน|รถยนต์|รถติด|การจราจร",
    "fire": "fire|flames?|campfire|bonfire|fireplace|candles?|lửa|nến|กองไฟ|เปลวไฟ|เทียน|ไฟไหม้",
    "crowd": "crowd|crowds|crowded|market|people|festival|restaurant|stadium|party|chợ|đám đông"
    "|lễ hội|nhà hàng|ตลาด|ฝูงชน|ผู้คน|เทศกาล|ร้านอาหาร",
    "bells": "temples?|bells?|church|shrine|pagoda|monastery|monks?|chùa|chuông|đền|nhà thờ"
    "|(?<!ห)วัด|ระฆัง|เจดีย์|โบสถ์",
}
"""Places and what is heard there."""
_PATTERNS = {name: pattern(words) for name, words in WORDS.items()}


def ambience_of(prompt: str) -> str:
    """The first place that the prompt names, or `QUIET`; one of `SOUNDS`."""
    text = plain(prompt)
    found = {name: match.start() for name, words in _PATTERNS.items() if (match := words.search(text))}
    return min(found, key=found.__getitem__, default=QUIET)


def sound_of(ambience: str, seconds: float, seed: int) -> Sound:
    """Stereo sound of a place at `LEVEL`; the seed draws its waves, drops and songs."""
    generator = np.random.default_rng(seed)
    return finished(SOUNDS[ambience](generator, round(seconds * SOUND_RATE)), LEVEL, FADE_S)
