"""The words of the field: streams, who answers for a place, what a device can tell 分类、责任与事件."""

from linqi.kit.choices import Choice


class Stream(Choice):
    """Hangzhou's four kinds of waste 四分类 (waste_law.yaml, categories)."""

    RECYCLABLE = "recyclable", "可回收物"
    HAZARDOUS = "hazardous", "有害垃圾"
    PERISHABLE = "perishable", "易腐垃圾"
    RESIDUAL = "residual", "其他垃圾"


class PointKind(Choice):
    """What happens at a point 点位类型."""

    DROP = "drop", "投放点"
    COLLECTION = "collection", "集置点"


class PartyKind(Choice):
    """By which rule somebody answers for sorting at a point 管理责任人 (waste_law.yaml, responsible_party)."""

    UNIT = "unit", "单位（自用办公区域）"
    OPERATOR = "operator", "经营管理单位"
    PROPERTY = "property", "物业服务企业"
    BUILDER = "builder", "建设或施工单位"
    ASSIGNED = "assigned", "街道确定的责任人"


class DeviceKind(Choice):
    """What speaks for a bin 终端类型. A gateway speaks for the chips behind it."""

    CHIP = "chip", "智能芯片"
    CAMERA = "camera", "桶内摄像头"
    GATEWAY = "gateway", "网关"


class CardKind(Choice):
    """By what a deposit says from which unit it came 投放凭证; never from which person."""

    CARD = "card", "投放卡"
    BAG = "bag", "袋码"


class Told(Choice):
    """What a device tells 事件类型."""

    DEPOSIT = "deposit", "投放"
    FILL = "fill", "满溢度"
    LID = "lid", "桶盖"
    TEMPERATURE = "temperature", "温度"
    TAMPER = "tamper", "人为破坏"
    MIXED = "mixed", "疑似混投"
    OVERFLOW = "overflow", "满溢"
    ILLEGAL = "illegal", "桶外堆放"
    SMOKE = "smoke", "冒烟"
    BATTERY = "battery", "电量"
    ONLINE = "online", "上线"
    OFFLINE = "offline", "离线"


class ClueKind(Choice):
    """What may be wrong at a bin, until a person has looked 线索类型."""

    MIXED = "mixed", "疑似混投"
    OVERFLOW = "overflow", "满溢"
    ILLEGAL = "illegal", "桶外堆放"
    TAMPER = "tamper", "人为破坏"
    SMOKE = "smoke", "冒烟"


class ClueState(Choice):
    """Whether a person has looked, and what they saw 线索状态."""

    WAITING = "waiting", "待人工核看"
    CONFIRMED = "confirmed", "属实"
    REFUTED = "refuted", "不属实"


class Witness(Choice):
    """Who brought a clue 线索来源."""

    DEVICE = "device", "终端上报"
    PICTURE = "picture", "图像识别"
    HAULER = "hauler", "收运单位报告"
    PATROL = "patrol", "巡查发现"


class Doubt(Choice):
    """How sure the recogniser was of a picture 识别把握."""

    SURE = "sure", "有把握"
    UNSURE = "unsure", "把握不足"
    UNKNOWN = "unknown", "没见过的东西"
    UNREADABLE = "unreadable", "图像不可读"
