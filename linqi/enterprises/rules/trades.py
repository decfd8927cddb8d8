"""What an enterprise does, read from its name and the first words of its scope, where they leave no doubt. Pure.

A transparent word list: each word speaks for one group (three digits) of GB/T 4754-2017, a word in the name three times as loud as one in the first
item of the scope. The strongest group wins when it is heard clearly and twice as loud as the next; else the industry stays unknown.
"""

import re
from functools import lru_cache
from typing import Final

CLEAR: Final = 3  # a group must be heard this loud: once in the name, or three times in the scope
IN_NAME: Final = 3
IN_SCOPE: Final = 1
_WORDS: Final = {
    "014": "蔬菜种植 花卉种植",
    "015": "水果种植",
    "016": "茶叶种植",
    "031": "生猪养殖 牲畜饲养",
    "041": "水产养殖",
    "131": "粮食加工 大米加工",
    "171": "棉纺 纺纱",
    "175": "化纤织造",
    "176": "针织",
    "181": "服装制造 制衣",
    "195": "鞋业 制鞋",
    "231": "印刷",
    "276": "疫苗",
    "292": "塑料制品 塑料包装 塑胶制品",
    "352": "模具",
    "358": "医疗器械制造 医疗仪器制造",
    "382": "变压器",
    "383": "电线电缆",
    "471": "房屋建筑",
    "501": "装饰工程 装饰装修 建筑装饰 室内装潢",
    "518": "进出口 国际贸易",
    "521": "超市 便利店 百货",
    "525": "药房 大药房 药店",
    "526": "汽车销售",
    "543": "货物运输 货运 道路运输",
    "582": "货运代理 国际货代",
    "602": "快递",
    "612": "宾馆 旅馆",
    "621": "餐饮 饭店 餐馆 酒楼",
    "623": "茶馆 茶楼 咖啡",
    "651": "软件 软件开发",
    "652": "集成电路设计 芯片设计",
    "653": "系统集成 物联网技术",
    "656": "信息技术咨询",
    "701": "房地产开发",
    "702": "物业管理 物业服务",
    "703": "房地产中介 房产中介 房地产经纪 房地产代理",
    "711": "汽车租赁 设备租赁",
    "721": "投资管理 资产管理 股权投资 创业投资",
    "723": "律师事务所",
    "724": "会计师事务所 代理记账 税务师 管理咨询 商务咨询",
    "725": "广告",
    "726": "人力资源 劳务派遣 职业中介 人才中介",
    "727": "保安服务",
    "728": "会展 展览展示 会议展览",
    "729": "旅行社 旅游服务",
    "748": "规划设计 建筑设计 工程设计",
    "752": "知识产权 商标代理 专利代理",
    "784": "园林绿化 绿化工程",
    "804": "理发 美容 美发",
    "805": "足浴 洗浴",
    "811": "汽车修理 汽车维修",
    "839": "培训 教育咨询",
    "842": "门诊部 诊所",
    "873": "影视制作 影视",
}  # fmt: skip
_GROUP_OF: Final = {word: code for code, words in _WORDS.items() for word in words.split()}
_ANY: Final = re.compile("|".join(sorted(map(re.escape, _GROUP_OF), key=len, reverse=True)))
_FIRST: Final = re.compile(
    r"^(?:一般项目|许可项目|服务|生产|制造|加工|批发|零售|经营范围|主营)?[、,,:：]*([^;；。.]{0,60})"
)
_BOILERPLATE: Final = re.compile(r"\(.*?\)|（.*?）")


@lru_cache(maxsize=65536)
def group_of(trade: str, scope: str) -> str:
    """Three digits of GB/T 4754 when name and scope leave no doubt; empty when they do. `trade`: the trade words of the name."""
    votes: dict[str, int] = {}
    for text, weight in ((trade, IN_NAME), (_first_of(scope), IN_SCOPE)):
        for word in _ANY.findall(text):
            code = _GROUP_OF[word]
            votes[code] = votes.get(code, 0) + weight
    if not votes:
        return ""
    ranked = sorted(votes.items(), key=lambda vote: -vote[1])
    best, loud = ranked[0]
    runner_up = ranked[1][1] if len(ranked) > 1 else 0
    return best if loud >= CLEAR and loud >= 2 * runner_up else ""


def _first_of(scope: str) -> str:
    found = _FIRST.match(_BOILERPLATE.sub("", scope[:200]))
    return found[1] if found else ""
