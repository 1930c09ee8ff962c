"""Written Thai to spoken Thai words: TTS-029."""

from __future__ import annotations

import unicodedata
from time import process_time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from serve_app.core.text.thai_abbreviations import CURRENCIES, SIGNS
from serve_app.core.text.thai_rules import RULES
from serve_app.core.text.thai_verbalization import parts, plain, verbalized

SILENT = frozenset("%٪‰°").union(CURRENCIES, SIGNS)
"""Signs that have a name."""
MIXED = st.text(
    st.sampled_from("กขคงจมรนพศบาท์ิ่เๆฯ 0123456789๐๕IVX½²%฿$:/-−+=°C.,&@#()~<>xabm\u2013"), max_size=30
)
READ = {
    "ลด 50%": "ลด ห้าสิบเปอร์เซ็นต์", "ลด ๕๐ %": "ลด ห้าสิบเปอร์เซ็นต์", "10-20%": "สิบถึงยี่สิบเปอร์เซ็นต์",
    "อุณหภูมิ -5 องศา": "อุณหภูมิ ลบห้า องศา", "อุณหภูมิ −5 องศา": "อุณหภูมิ ลบห้า องศา", "-5": "ลบห้า",
    "(-5)": "(ลบห้า)", "- 5 ข้อ": "- ห้า ข้อ", "โควิด-19": "โควิด-สิบเก้า", "ไป-กลับ": "ไป-กลับ",
    "5-10 คน": "ห้าถึงสิบ คน", "5 – 10 คน": "ห้าถึงสิบ คน", "ชนะ 3-1": "ชนะ สามต่อหนึ่ง",
    "ปี 2566-68": "ปี สองพันห้าร้อยหกสิบหกถึงหกสิบแปด",
    "เบอร์ 081-234-5678": "เบอร์ ศูนย์แปดหนึ่ง สองสามสี่ ห้าหกเจ็ดแปด",
    "0812345678": "ศูนย์แปดหนึ่งสองสามสี่ห้าหกเจ็ดแปด", "02-123-4567": "ศูนย์สอง หนึ่งสองสาม สี่ห้าหกเจ็ด",
    "(02) 123-4567": "ศูนย์สอง หนึ่งสองสาม สี่ห้าหกเจ็ด",
    "+66 81 234 5678": "บวกหกหก แปดหนึ่ง สองสามสี่ ห้าหกเจ็ดแปด", "โทร. 1669": "โทร หนึ่งหกหกเก้า",
    "เบอร์ 1669": "เบอร์ หนึ่งหกหกเก้า", "มี 1669 คน": "มี หนึ่งพันหกร้อยหกสิบเก้า คน",
    "เบอร์ 12": "เบอร์ สิบสอง", "ห้อง 204": "ห้อง สองศูนย์สี่",
    "123-4-56789-0": "หนึ่งสองสาม สี่ ห้าหกเจ็ดแปดเก้า ศูนย์", "คะแนน 0 10 20": "คะแนน ศูนย์ สิบ ยี่สิบ",
    "ราคา ฿100": "ราคา หนึ่งร้อยบาท", "100฿": "หนึ่งร้อยบาท", "$5": "ห้าดอลลาร์", "-฿100": "ลบหนึ่งร้อยบาท",
    "฿5 ล้านต่อปี": "ห้าล้านบาทต่อปี", "$5 พันธุ์": "ห้าดอลลาร์ พันธุ์", "$5-10": "ห้าถึงสิบดอลลาร์",
    "100.50 บาท": "หนึ่งร้อยบาทห้าสิบสตางค์", "฿1,234.00": "หนึ่งพันสองร้อยสามสิบสี่บาท",
    "0.25 บาท": "ยี่สิบห้าสตางค์", "100.-": "หนึ่งร้อยบาท", "20 บาท/กก.": "ยี่สิบ บาทต่อกิโลกรัม",
    "3.14": "สามจุดหนึ่งสี่", "1,000,000": "หนึ่งล้าน", "1,250.5": "หนึ่งพันสองร้อยห้าสิบจุดห้า",
    "1,2,3": "หนึ่ง,สอง,สาม", "007": "ศูนย์ศูนย์เจ็ด",
    "1103700123456": "หนึ่งหนึ่งศูนย์สามเจ็ดศูนย์ศูนย์หนึ่งสองสามสี่ห้าหก", "ที่ 1": "ที่ หนึ่ง",
    "21": "ยี่สิบเอ็ด", "๑๒๓": "หนึ่งร้อยยี่สิบสาม", "1.2.3": "หนึ่งจุดสองจุดสาม",
    "10:30 น.": "สิบนาฬิกาสามสิบนาที", "8 น.": "แปดนาฬิกา",
    "08.30-16.00 น.": "แปดนาฬิกาสามสิบนาทีถึงสิบหกนาฬิกา", "10:30:15": "สิบนาฬิกาสามสิบนาทีสิบห้าวินาที",
    "10:00:15": "สิบนาฬิกาศูนย์นาทีสิบห้าวินาที", "0:05": "ศูนย์นาฬิกาห้านาที", "16:9": "สิบหกต่อเก้า",
    "25/12/2568": "ยี่สิบห้า ธันวาคม สองพันห้าร้อยหกสิบแปด",
    "2568-12-25": "ยี่สิบห้า ธันวาคม สองพันห้าร้อยหกสิบแปด",
    "5 ก.ค. 2568": "ห้า กรกฎาคม สองพันห้าร้อยหกสิบแปด", "5/10/68": "ห้า ตุลาคม หกสิบแปด",
    "1/2": "เศษหนึ่งส่วนสอง", "1½": "หนึ่ง เศษหนึ่งส่วนสอง", "ม.1/2": "มอหนึ่งทับสอง",
    "บ้านเลขที่ 25/3": "บ้านเลขที่ ยี่สิบห้าทับสาม",
    "ภาคเรียนที่ 1/2568": "ภาคเรียนที่ หนึ่งทับสองพันห้าร้อยหกสิบแปด", "ชาย/หญิง": "ชาย,หญิง",
    "2+3=5": "สองบวกสามเท่ากับห้า", "5 - 3 = 2": "ห้าลบสามเท่ากับสอง", "6÷2=?": "หกหารสองเท่ากับเท่าไร",
    "3×4": "สามคูณสี่", "10²": "สิบยกกำลังสอง", "5 > 3": "ห้า มากกว่า สาม", "±5": "บวกลบห้า",
    "25°C": "ยี่สิบห้าองศาเซลเซียส", "25 ℃": "ยี่สิบห้าองศาเซลเซียส", "5 กม.": "ห้ากิโลเมตร",
    "5 กม": "ห้ากิโลเมตร", "60 กม./ชม.": "หกสิบกิโลเมตรต่อชั่วโมง", "5 m²": "ห้าตารางเมตร",
    "100 ม.": "หนึ่งร้อยเมตร", "5G": "ห้าG", "A&B": "A แอนด์ B", "พ่อ & แม่": "พ่อ และ แม่",
    "a@b.com": "a แอต b ดอต com", "#ไทย": "แฮชแท็กไทย", "บทที่ IV": "บทที่ สี่",
    "รัชกาลที่ IX": "รัชกาลที่ เก้า", "Ⅳ": "สี่", "วิตามิน C": "วิตามิน C", "I am": "I am",
    "พ.ศ. 2568": "พุทธศักราช สองพันห้าร้อยหกสิบแปด", "พ. ศ.": "พุทธศักราช", "ร.ร.วัด": "โรงเรียนวัด",
    "ร.5": "รัชกาลที่ห้า", "จ.เชียงใหม่": "จังหวัดเชียงใหม่", "ก. แมว ข. หมา": "กอ แมว ขอ หมา",
    "สพฐ.": "สอพอฐอ", "ขับรถ.": "ขับรถ.", "รถ.": "รถ ", "10:30 น.ส.": "สิบนาฬิกาสามสิบนาที นางสาว",
    "ฯลฯ": "และอื่นๆ", "กรุงเทพฯ": "กรุงเทพ", "นายกฯ": "นายก",
}  # fmt: skip


@pytest.mark.parametrize(("written", "spoken"), READ.items(), ids=READ)
def test_what_is_written_is_said(written: str, spoken: str) -> None:
    """TTS-029."""
    assert verbalized(written) == spoken


@given(MIXED | st.text())
@settings(max_examples=500, deadline=None)
@example("5ม.ก.")
def test_nothing_is_left_that_would_be_dropped(text: str) -> None:
    """TTS-029: neither a digit nor a sign with a name."""
    said = verbalized(text)
    assert not [each for each in said if unicodedata.category(each)[0] == "N" or each in SILENT]


@given(MIXED | st.text())
@settings(max_examples=500, deadline=None)
def test_verbalising_twice_changes_nothing(text: str) -> None:
    """TTS-029."""
    assert verbalized(verbalized(text)) == verbalized(text)


@given(MIXED | st.text())
@settings(max_examples=500, deadline=None)
def test_no_letter_is_lost(text: str) -> None:
    """TTS-029: the parts are the text; what no rule reads is said as it is written."""
    found = list(parts(text))
    assert "".join(part.written for part in found) == plain(text)
    assert all(part.spoken == part.written for part in found if not part.read)
    assert all(part.spoken for part in found if any(map(str.isalnum, part.written.replace("ฯ", ""))))


@pytest.mark.parametrize(
    "text", ["1" * 5000, "1+" * 2500, "a." * 2500, "a" * 5000, "1-1" * 1600, "1:1/" * 1250, "ก." * 2500]
)
def test_the_longest_text_takes_no_time_to_speak_of(text: str) -> None:
    """TTS-029, RS-011: no rule goes back over a text again and again; processor time, not the wall's."""
    begun = process_time()
    verbalized(text)
    assert process_time() - begun < 2


def test_every_rule_says_why() -> None:
    """TTS-029: no choice without a reason, and no rule with groups that would shift those of the table."""
    assert all(rule.why.endswith(".") for rule in RULES)
