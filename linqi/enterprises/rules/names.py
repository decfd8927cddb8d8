"""Company names in one form, and taken apart: place, trade name, trade, legal form 企业名称."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_DROPPED: Final = re.compile(r"[\s\u200b\ufeff·•.,，。、'\"“”‘’\-—_]+")
_LEGAL_FORMS: Final = (
    "股份有限责任公司",
    "有限责任公司",
    "股份有限公司",
    "集团有限公司",
    "股份合作公司",
    "有限公司",
    "集团公司",
    "总公司",
    "公司",
    "普通合伙企业",
    "有限合伙企业",
    "合伙企业(有限合伙)",
    "合伙企业(普通合伙)",
    "合伙企业",
    "个人独资企业",
    "农民专业合作社",
    "专业合作社",
    "合作社",
    "工作室",
    "事务所",
    "经营部",
    "商行",
    "店",
    "厂",
)
_ANNEX: Final = re.compile(r"\((?:普通合伙|有限合伙|特殊普通合伙|个人独资|个体工商户|集团)\)$")
_PLACE: Final = re.compile(
    r"^(?:中国)?(?:(?:浙江|杭州|宁波|余杭|江北|西湖|滨江|萧山|拱墅|上城|临平|钱塘|富阳|临安|桐庐|淳安|建德|江干|下城|上海|北京|江苏|广东|福建)"
    r"(?:省|市|区|县|新区)?)+"
)
_PLACE_IN_BRACKETS: Final = re.compile(r"\(([\u4e00-\u9fff]{2,4}?)(?:省|市|区|县)?\)")
_PARENT_ENDS: Final = ("公司", "合作社", "事务所", "银行", "商行", "厂", "店")
BRANCH_MARKS: Final = (
    "分公司",
    "分行",
    "支行",
    "分理处",
    "储蓄所",
    "营业部",
    "营业厅",
    "营业所",
    "分店",
    "门市部",
    "分部",
    "分厂",
    "分院",
    "分社",
    "分所",
    "办事处",
    "代表处",
    "经营点",
    "服务网点",
    "分号",
    "分中心",
    "分校",
)
_FIRM_THEN_MORE: Final = re.compile(
    r"(?P<firm>.{4,}(?:有限公司|有限责任公司|总公司|集团公司|供销合作社|供销社|信用社))(?P<tail>.{2,})$"
)
_BRANCH_NUMBER: Final = re.compile(
    r"第?[一二三四五六七八九十百零\d]+(?:号)?(?:分)?(?:店|门店|部|厂|公司|营业部|门市部|食堂|车间)$"
)


@dataclass(frozen=True, slots=True)
class NameParts:
    """A name taken apart; what is not there is empty.

    `place`: administrative prefix; `trade_name`: what tells one firm from another 字号; `trade`: what it does 行业;
    `form`: legal form; `branch`: the branch's own tail after the parent's name 分支名.
    """

    place: str = ""
    trade_name: str = ""
    trade: str = ""
    form: str = ""
    branch: str = ""


# Words that open the trade and so end the trade name, as seen in registers; product default.
_TRADE_WORDS: Final = """
    信息技术 网络科技 电子商务 文化传媒 文化创意 企业管理 投资管理 资产管理 股权投资 创业投资 供应链管理
    进出口 国际贸易 建筑工程 建筑装饰 装饰工程 装饰设计 环保科技 生物科技 智能科技 电子科技 新能源 新材料
    机械设备 汽车销售 汽车服务 汽车维修 房地产 物业管理 物业服务 餐饮管理 餐饮 酒店管理 人力资源 教育咨询
    教育科技 健康管理 医疗器械 医药 医疗 广告 传媒 贸易 科技 实业 商贸 物流 运输 货运 服饰 服装 纺织 印染
    印刷 包装 塑料 塑胶 五金 机电 电器 电子 电气 机械 模具 仪器 仪表 化工 化学 食品 农业 园林 绿化 建材 建设
    工程 装饰 设计 咨询 管理 服务 投资 金融 信息 软件 网络 文化 艺术 影视 教育 培训 旅游 酒店 宾馆 旅馆 家具
    家居 制造 加工 电力 能源 环境 环保 生物 制药 药房 大药房 超市 便利店 百货 美容 美发 理发 洗涤 养殖 种植
    水产 茶叶 烟酒 粮油 金属 钢铁 钢材 玻璃 陶瓷 皮革 鞋业 家政 劳务 租赁 汽车 航空 通信 通讯 数码 电脑 办公
    体育 健身 置业 交通 水利 小吃 面馆 饭店 美食 快餐 酒楼 茶楼 诊所 幼儿园 学校 研究所 研究院 供销社 合作
"""
_TRADE: Final = re.compile("|".join(sorted(_TRADE_WORDS.split(), key=len, reverse=True)))


@lru_cache(maxsize=65536)
def name_key(name: str) -> str:
    """A name in one form for comparing and sorting: half-width, upper case, without spaces and points 名称归一."""
    key = name
    for _again in range(3):  # taking a space away can join a letter and an accent, which is one letter then
        key, before = _DROPPED.sub("", unicodedata.normalize("NFKC", key)).upper()[:200], key
        if key == before:
            break
    return key


@lru_cache(maxsize=65536)
def split_name(name: str) -> NameParts:
    """Take a name apart from both ends: branch tail, form, place; what is left is trade name and trade 名称拆分."""
    rest = name_key(name)
    parent, branch = split_branch(rest)
    rest = parent or rest
    rest = _ANNEX.sub("", rest)
    form = next((one for one in _LEGAL_FORMS if rest.endswith(one) and len(rest) > len(one)), "")
    rest = rest.removesuffix(form) if form else rest
    places = _PLACE_IN_BRACKETS.findall(rest)
    rest = _PLACE_IN_BRACKETS.sub("", rest)
    found = _PLACE.match(rest)
    if found and found.end() < len(rest):
        places.insert(0, found.group())
        rest = rest[found.end() :]
    trade_at = next((match.start() for match in _TRADE.finditer(rest) if match.start() >= 2), len(rest))
    return NameParts("".join(places), rest[:trade_at], rest[trade_at:], form, branch)


def split_branch(key: str) -> tuple[str, str]:
    """The parent's part of a branch's name and the branch's own tail; two empty texts when it is no branch 分支名.

    `key`: a name as `name_key` gives it. The parent part is what stands up to the last legal form before the tail.
    """
    if (firm := _FIRM_THEN_MORE.match(key)) and firm["tail"][0] != "(":
        return firm["firm"], firm["tail"]
    mark = next((one for one in BRANCH_MARKS if key.endswith(one)), "")
    numbered = "" if mark else (found.group() if (found := _BRANCH_NUMBER.search(key)) else "")
    if not mark and not numbered:
        return "", ""
    body = key.removesuffix(mark or numbered)
    ends = [
        at + len(form)
        for form in ("公司", "合作社", "事务所", "银行", "商行", "厂", "店")
        if (at := body.rfind(form)) > 0
    ]
    if not ends:
        return "", key if mark in ("分公司", "支行", "分行", "分店") else ""
    end = max(ends)
    return (key[:end], key[end:]) if end >= 4 else ("", "")
