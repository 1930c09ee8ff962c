"""Words for what a camera does, in English, Thai and Vietnamese."""

from __future__ import annotations

import re

from deployments.video.embedded.prompt_words import pattern, words

GAP = r"[^.!?;,]{0,24}?"
"""What may stand between a verb and its direction: "pans slowly to the left"."""
SIDES = {
    "left": r"left(?! to (?:the )?right)|leftwards?|counter-?clockwise|anti-?clockwise|trái(?! sang phải)"
    r"|ซ้าย(?!ไป(?:ทาง)?ขวา)",
    "right": r"right(?! to (?:the )?left)|rightwards?|clockwise|phải(?! sang trái)|ขวา(?!ไป(?:ทาง)?ซ้าย)",
}
HEIGHTS = {
    "up": "up|upwards?|skywards?|lên|ขึ้น",
    "down": "down|downwards?|xuống|ลง",
}
DEPTHS = {
    "in": "in|into|inwards?|forwards?|closer|towards?|vào|lại gần|tới|ra trước|เข้า|เข้าไป|ไปข้างหน้า|ใกล้",
    "out": "out|back|backwards?|away|ra|lùi|ra xa|ออก|ถอย|ไกล",
}
AHEAD = {
    "in": "forwards?|closer|towards?|into|vào|lại gần|tới|tiến|เข้า|ไปข้างหน้า|ใกล้",
    "out": "back|backwards?|away|out|lùi|ra xa|ออก|ถอย",
}
"""As `DEPTHS`, without "in", which follows a camera in any sentence."""
CAMERA = "camera|máy quay|ống kính|กล้อง"

Patterns = tuple[tuple[str, re.Pattern[str]], ...]
"""Motions and their words."""


def _whole(phrases: dict[str, str]) -> Patterns:
    return tuple((motion, pattern(phrase)) for motion, phrase in phrases.items())


def _directed(verbs: tuple[tuple[str, str, dict[str, str]], ...]) -> Patterns:
    return tuple(
        (f"{motion} {direction}", re.compile(words(verb) + GAP + words(where)))
        for motion, verb, directions in verbs
        for direction, where in directions.items()
    )


_PHRASES = {
    "dolly zoom": "dolly[- ]zoom|zolly|vertigo (?:effect|shot)",
    "fly over": "fly[- ]?over|fl(?:ying|ies) over|drone|aerial|bird's[- ]eye|flycam|từ trên cao"
    "|โดรน|มุมสูง|บินผ่าน",
    "static": "static|locked[- ]off|(?:still|fixed|stationary) (?:camera|shot)|tripod"
    "|no camera (?:motion|movement)|camera (?:is |stays |remains )?(?:still|fixed|locked)"
    "|(?:máy quay|camera) (?:tĩnh|cố định|đứng yên)"
    "|กล้องนิ่ง|กล้องอยู่นิ่ง|ตั้งกล้องนิ่ง|กล้องคงที่",
    "handheld": "hand[- ]?held|shaky|camera shakes?|found footage|cầm tay|(?:máy quay|camera) rung"
    "|ถือกล้อง|กล้องสั่น|แฮนด์เฮลด์",
    "dolly in": "push(?:es|ing)?[- ]in|lại gần|เข้าใกล้",
    "dolly out": "pull(?:s|ing)?[- ](?:back|out|away)|lùi (?:lại|ra)|ถอยกล้อง|กล้องถอย|ถอยหลัง|ถอยออก",
}
_VERBS = (
    ("zoom", "zoom|zooms|zooming|ซูม", DEPTHS),
    ("dolly", "dolly|dollies|dollying|ดอลลี่", DEPTHS),
    ("pan", "pan(?! of)|pans|panning|lia|quay|แพน|หันกล้อง|กล้องหัน", SIDES),
    ("pan", rf"(?:{CAMERA}) (?:\w+ )?(?:turns?|swivels?|looks?)", SIDES),
    ("tilt", rf"tilt|tilts|tilting|ngước|ngẩng|ทิลต์|เงย|ก้ม|nghiêng|(?:{CAMERA}) (?:\w+ )?looks?", HEIGHTS),
    ("truck", "(?:truck|track)s?(?= (?:left|right))|trucking|tracking(?: shot)?", SIDES),
    (
        "orbit",
        "orbit|orbits|orbiting|arcs?|arcing|circles|circling|rotates around|quay quanh|xoay quanh"
        "|โคจร|หมุนรอบ|วนรอบ",
        SIDES,
    ),
    ("crane", "(?:crane|boom|jib|pedestal)s?(?= (?:up|down|shot))|craning|เครน|ยกกล้อง|ลดกล้อง", HEIGHTS),
    (
        "roll",
        rf"roll(?= (?:left|right|\w*-?\w*clockwise))|rolling shot|(?:{CAMERA}) (?:\w+ )?(?:rolls?|rotates?)"
        "|เอียงกล้อง|กล้องเอียง",
        SIDES,
    ),
)
_ALONE = {
    "zoom in": "zoom|zooms|zooming|phóng to|ซูม",
    "zoom out": "thu nhỏ",
    "dolly in": "dolly|dollies|dollying|ดอลลี่",
    "pan right": "panning|panning shot|camera pans|lia máy|แพน|แพนกล้อง",
    "tilt up": "camera tilts|เงยกล้อง|กล้องเงย",
    "tilt down": "ก้มกล้อง|กล้องก้ม",
    "truck right": "track(?:ing)? shot|trucking shot|travell?ing shot",
    "orbit right": "orbit|orbits|orbiting|arc shot|circl(?:es|ing) around|(?:revolv|rotat)(?:es|ing) around"
    "|quay quanh|xoay quanh|vòng quanh|โคจร|หมุนรอบ|วนรอบ",
    "crane up": "crane shot|jib shot|camera (?:slowly )?(?:rises|ascends)|máy quay bay lên|ยกกล้อง|เครน",
    "crane down": "camera (?:slowly )?(?:descends|lowers)|ลดกล้อง",
    "roll right": "camera rolls?|dutch (?:angle|tilt)|barrel roll|เอียงกล้อง|กล้องเอียง",
}
_CAMERA_GOES = (
    ("truck", CAMERA, SIDES),
    ("crane", CAMERA, HEIGHTS),
    ("dolly", CAMERA, AHEAD),
)
"""The camera moves, glides, drifts, goes, ... somewhere."""

TABLES = (_whole(_PHRASES), _directed(_VERBS), _whole(_ALONE), _directed(_CAMERA_GOES))
"""The surer first: what one table has found, no later one finds again."""
THEN = pattern(
    "then|afterwards?|after that|followed by|finally|sau đó|rồi|tiếp theo|cuối cùng"
    "|จากนั้น|แล้วค่อย|แล้วจึง|ต่อด้วย|ตามด้วย|หลังจากนั้น|สุดท้าย"
)
"""What sets phases apart; motions without such a word between them are made together."""
SPEEDS = {
    0.6: pattern(
        "slow|slowly|gentle|gently|gradual|gradually|subtle|subtly|chậm|chậm rãi|từ từ|nhẹ nhàng|ช้า|ค่อย"
    ),
    1.5: pattern("fast|quick|quickly|rapid|rapidly|swift|swiftly|nhanh|nhanh chóng|เร็ว"),
}
"""Words of a sentence that change the pace of its motions."""
SENTENCE = re.compile(r"[.!?;]+")
