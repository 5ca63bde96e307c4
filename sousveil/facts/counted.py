"""What a number counts or measures, in the words of the text: "surveillance cameras", "个检查站".

Takes text that `reading.narrow` made and the end of a number, gives the unit and where it ends. In
English that is the first plural behind the number; in Chinese a classifier, with its noun as far
as one of `_ZH_NOUNS` or a stop tells where it ends. Each look goes over some dozen characters.
"""

import re
from typing import NamedTuple

_LOOKED_AT = 70  # characters behind a number: three words, or a classifier with its noun

# Nouns that are counted where a hyphen, a letter for millions or a missing s leaves doubt.
NOUNS = (
    "cameras?|people|persons?|faces?|images?|photos?|photographs?|records?|users?|devices?"
    "|residents?|checkpoints?|systems?|officers?|citizens?|individuals?|travell?ers?|pilgrims?"
    "|households?|schools?|stations?|drones?|customers?|employees?|students?|detainees?|prisoners?"
    "|passengers?|vehicles?|visitors?|migrants?|refugees?|voters?|children|women|men|pixels?"
)
_NO_NOUN = (
    "is|was|has|does|goes|this|plus|thus|versus|yes|always|perhaps|besides|towards|afterwards"
    "|across|shows|requires|covers|describes|provides|supports|uses|applies|includes|contains"
    "|allows|says|means|makes|gives|takes|needs|works|runs|becomes|remains|defines|lists|gets|sets"
    "|begins|starts|ends|comes|sees|his|hers|its|ours|theirs|yours|us|as|ones|sometimes|others"
)
_NO_WORD = (  # of those between a number and its noun
    "and|or|of|in|on|at|to|for|by|with|from|than|as|is|are|was|were|be|been|has|have|had|the|a|an"
    "|its|their|his|her|our|that|this|these|those|which|who|when|where|while|per|each|every|not"
    "|but|if|so|into|over|under|after|before|since|until|will|would|can|could|may|might|must|it"
    "|they|we|he|she|you|i|also|only|more|less|all|both|out|up|down|off|about|against|between"
)
_MEASURES = (
    "km/h|sq km|square (?:metres|meters|kilometres|kilometers|feet|miles)|km²|m²|km|cm|mm|kg|fps"
    "|dpi|pp"
    "|lux|lx|px|MP|[KMGTP]i?B|[KMG]bps|[kMG]Hz|kW|dB|°C|mph|ms|megapixels?|m"
    "|(?:second|minute|hour|day|week|month|year)(?!s| old| of age|-old)"
)
_WORD = rf"(?!(?:{_NO_WORD})\b)[A-Za-z][a-z]{{1,15}}(?:-[a-z]{{1,12}})?"
_PLURAL = (
    rf"(?!(?:{_NO_NOUN})\b)(?:[A-Za-z](?:[a-z]|-(?=[a-z])){{1,18}}(?<![sui])s\b"
    r"|(?:people|men|women|children|police|personnel|staff|feet|aircraft)\b(?! [a-z]{2,}s\b))"
)
_ENGLISH = re.compile(
    rf"(?:(?P<percent> ?(?:%|percent\b|per cent\b|per-cent\b|percentage points\b))"
    rf"|-(?P<hyphened>{NOUNS})\b"
    rf"|(?:[ -](?=[A-Za-z°])|(?!m\b|MP|p))(?P<measure>{_MEASURES})(?![A-Za-z])"
    rf"|\+? (?:(?:more |or more |or so |or fewer ))?(?:of (?:the |its |their |these )?)?"
    rf"(?P<noun>(?:{_WORD} ){{0,2}}?{_PLURAL})(?! old\b| of age\b))"
)
_KNOWN = re.compile(rf"\+?[ -](?:[a-z]+ ){{0,2}}?(?:{NOUNS})\b", re.IGNORECASE)

_ZH_NOUNS = (
    "摄像头|摄像机|监控探头|监控点|监控(?!探|点)|视频|探头|设备|终端|系统|点位|检查站|卡口|派出所|警务站|服务器|乡镇|行政村|村庄|村|社区|小区"
    "|街道|学校|院校|中学|小学|企业|单位|公司|客户|用户|居民|民警|警察|群众|人员|逃犯|嫌疑人|犯罪嫌疑人|学生|员工"
    "|照片|图片|图像|人脸|数据|记录|信息|轨迹|城市|国家|地区|县市|案件|车辆|民族|清真寺|车站|机场|路口|家庭|门店"
    "|平台|基站|无人机|医院|酒店|宾馆|场所|工地|专利|样本|志愿者|士兵|军人|专家|学者|教授|工程师|医生|护士|银行|高校|机关|组织|协会|岗位|车|旅客|乘客|司机|教师|干部|村民|特征|属性|类别|算法|芯片"
)
_ZH_MEASURES = (
    "平方公里|平方米|立方米|公里|千米|厘米|毫米|微米|英寸|米|公顷|亩|公斤|千克|吨|克|小时|分钟|毫秒|秒钟|秒|个工作日|个月"
    "|天|周|年(?!级|代|第|版|度|底|初|末|内)|像素|倍|摄氏度|度(?!假)|帧|瓦|伏|分贝|兆|字节|个百分点|lux"
)
_CLASSIFIERS = (
    "路个台套只部条名位家所户座张件起次辆架种项块支枚份间栋处村艘匹队期组篇场本册笔宗例颗句款层"
)
_ZH_STOP = r"(?=[、,。；;()的等和与及或在已]|\Z)"
# Words that a noun without a known end does not hold: verbs that follow a bare classifier.
_ZH_VERB = "到来去了着过进出入有是为达至被将把让从向加使啊吧呢所"
_CHINESE = re.compile(
    rf"[余多]?(?: ?(?P<zhpercent>%|个百分点) ?| ?(?P<zhmeasure>{_ZH_MEASURES})"
    rf"|(?P<people>人次|人(?!民|脸|工|员|次|像|口)|万像素)"
    rf"|(?P<counted>[{_CLASSIFIERS}](?:{_ZH_STOP}|[一-鿿]{{0,8}}?(?:{_ZH_NOUNS})"
    rf"|(?:(?![{_ZH_VERB}])[一-鿿]){{1,6}}?{_ZH_STOP})?))"
)


class Unit(NamedTuple):
    """What a number counts: "%", or words; and where they end."""

    told: str
    end: int


def unit_behind(text: str, end: int) -> Unit | None:
    """Return what the number that ends at `end` counts; None where the text does not say."""
    window = text[end : end + _LOOKED_AT]
    match = _ENGLISH.match(window) or _CHINESE.match(window)
    if match is None:
        return None
    told = match[match.lastgroup or 0].strip(" -")
    if " " in told and told.istitle():
        return None  # "100 Resilient Cities" is a name
    is_percent = match.lastgroup in {"percent", "zhpercent"}
    return Unit("%" if is_percent else told, end + match.end())


def is_known_noun(text: str, end: int) -> bool:
    """Whether a number is followed by a noun that is nothing but counted."""
    return _KNOWN.match(text[end : end + _LOOKED_AT]) is not None
