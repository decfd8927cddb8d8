"""What a browser says of a visit at a desk. Nothing about place, hour or picture is asked there (国办函〔2026〕12号)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linqi.cases.forms import CategoryField
from linqi.cases.models import Case
from linqi.catalogue.models import Category
from linqi.catalogue.queries import categories_offered
from linqi.enterprises import dictionary
from linqi.kit.clock import today
from linqi.visits.models import MustVisitRule, PlanTerms, Visit
from linqi.visits.rules import Reason
from linqi.visits.rules.rota import MOST, Spell, faults_of


class PlanForm(forms.Form):
    """When to go; and, when the firm was seen only lately and nothing new asks for it, why."""

    planned_for = forms.DateField(
        label=_("计划日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    why_again = forms.CharField(label=_("为何近期再访"), max_length=200, required=False)

    def __init__(self, *args: Any, soon: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not soon:
            del self.fields["why_again"]


class RecordForm(forms.Form):
    """What a visit brought."""

    MET: Final = [_("负责人"), _("行政人事"), _("财务"), _("前台"), _("员工代表")]
    met = forms.CharField(
        label=_("见到谁"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"list": "met-roles"}),
        help_text=_("写身份，不写姓名。"),
    )
    summary = forms.CharField(
        label=_("走访情况"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": _("一两句话即可")}),
    )
    next_step = forms.CharField(label=_("下一步"), max_length=200, required=False)
    visited_on = forms.DateField(label=_("走访日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    why_again = forms.CharField(label=_("为何近期再访"), max_length=200, required=False)
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, soon: bool = False, visit: Visit | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"visited_on": today(), **(_so_far(visit) if visit else {})})
        super().__init__(*args, **kwargs)
        if visit is None:
            del self.fields["seen"]
        self.fields["visited_on"].widget.attrs["max"] = today().isoformat()
        if not soon:
            del self.fields["why_again"]


def _so_far(visit: Visit) -> dict[str, Any]:
    """What was said of a visit already on somebody's device, and which edition of it one sees."""
    return {"met": visit.met, "summary": visit.summary, "next_step": visit.next_step, "seen": visit.edition}


class FactForm(forms.Form):
    """Something learnt of the enterprise, as the field's dictionary reads it."""

    key = forms.ChoiceField(label=_("哪项信息"))
    value = forms.CharField(label=_("内容"), max_length=500, help_text=_("如 35、1200万、是、2026-11-23。"))
    period = forms.CharField(
        label=_("期间"), max_length=10, required=False, help_text=_("按年度或月份统计的才填，如 2025、2026-03。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = [
            one for one in dictionary.fields().values() if one.asked_for and not one.personal and one.type != "list"
        ]
        self.fields["key"].choices = [("", _("请选择")), *((one.key, one.label) for one in asked)]  # type: ignore[attr-defined]


class ClueForm(forms.Form):
    """Something that may be a risk."""

    text = forms.CharField(
        label=_("看到或听到什么"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("线索先由人核实，不直接作为处理依据。"),
    )


class ProblemForm(forms.Form):
    """A need or a problem that becomes a case, or joins one that is open."""

    category = CategoryField(Category.objects.none(), label=_("诉求类别"))
    title = forms.CharField(label=_("事项"), max_length=120)
    body = forms.CharField(
        label=_("详细情况"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    join = forms.ChoiceField(label=_("是同一件事吗？"), required=False, widget=forms.RadioSelect)

    def __init__(self, *args: Any, user: Any, similar: list[Case], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        category = self.fields["category"]
        assert isinstance(category, CategoryField)
        category.set_categories(categories_offered(user))
        if similar:
            self.fields["join"].required = True
            self.fields["join"].choices = [  # type: ignore[attr-defined]
                ("new", _("不是，新开办件")),
                *((str(case.pk), f"{case.number} {case.title}") for case in similar),
            ]
        else:
            del self.fields["join"]


class RuleForm(forms.Form):
    """How one kind of must-visit is to hold in a street, and from which day; its trigger is the condition editor's."""

    since = forms.DateField(label=_("生效日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    first_visit = forms.IntegerField(label=_("首次走访时限（工作日）"), min_value=1, max_value=60)
    repeat = forms.IntegerField(
        label=_("再访间隔（天）"), min_value=1, max_value=730, required=False, help_text=_("空着表示走访一次即可。")
    )
    most = forms.IntegerField(
        label=_("回访次数"),
        min_value=0,
        max_value=12,
        required=False,
        help_text=_("填了次数，触发条件过后仍回访；空着表示条件还在就按间隔再访。"),
    )
    presses = forms.BooleanField(label=_("30 天内走访过也要再去"), required=False)
    weight = forms.DecimalField(label=_("权重"), min_value=Decimal("0.1"), max_value=Decimal(20), decimal_places=2)
    who = forms.CharField(label=_("由谁走访"), max_length=200, help_text=_("写岗位，不写姓名。"))
    ask = forms.CharField(
        label=_("要问什么"), max_length=2000, widget=forms.Textarea(attrs={"rows": 5}), help_text=_("一行一个问题。")
    )
    done_when = forms.CharField(label=_("完成标准"), max_length=200)
    legal = forms.CharField(
        label=_("法律提示"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    source = forms.CharField(label=_("依据"), max_length=300, help_text=_("如文件名称与文号。"))

    def __init__(self, *args: Any, reason: Reason, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason = reason
        self.fields["since"].widget.attrs["min"] = today().isoformat()

    @staticmethod
    def initial_of(row: MustVisitRule) -> dict[str, Any]:
        """What stands there now; the source is asked for anew."""
        return {
            "since": today(),
            "first_visit": row.first_visit,
            "repeat": row.repeat,
            "most": row.most,
            "presses": row.presses,
            "weight": row.weight,
            "who": row.who,
            "ask": "\n".join(row.ask),
            "done_when": row.done_when,
            "legal": row.legal,
            "source": "" if row.is_default else row.source,
        }

    def clean_ask(self) -> list[str]:
        lines = [line.strip()[:200] for line in self.cleaned_data["ask"].splitlines()]
        return [line for line in lines if line]

    def said(self) -> dict[str, Any]:
        """The columns of the rule but the trigger."""
        return {name: self.cleaned_data[name] for name in self.fields if name != "since"}


class OrderForm(forms.Form):
    """How the must-visit list is ordered: urgency, lateness, and what each step of value weighs."""

    urgency = forms.DecimalField(label=_("时限用尽时增加的倍数"), min_value=0, max_value=9, decimal_places=2)
    late_step = forms.IntegerField(label=_("每超期多少天加 1 倍"), min_value=1, max_value=365)
    late_most = forms.IntegerField(label=_("超期最多计多少天"), min_value=0, max_value=730)

    def __init__(self, *args: Any, steps: list[tuple[str, Decimal]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.steps = len(steps)
        for at, (name, factor) in enumerate(steps):
            self.fields[f"step{at}"] = forms.DecimalField(
                label=name, min_value=Decimal("0.1"), max_value=10, decimal_places=2, initial=factor
            )
        self.fields["source"] = forms.CharField(label=_("依据"), max_length=300, help_text=_("如文件名称与文号。"))

    def said(self) -> dict[str, Any]:
        """What `actions.set_order` takes."""
        plain = {name: self.cleaned_data[name] for name in ("urgency", "late_step", "late_most", "source")}
        return {**plain, "factors": [self.cleaned_data[f"step{at}"] for at in range(self.steps)]}


class Clock(forms.TimeField):
    """An hour of the day, kept as minutes from midnight."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> int | None:
        """Minutes of the day, or None when nothing was said."""
        said = super().clean(value)
        return None if said is None else said.hour * 60 + said.minute


def clock_of(minutes: int | None) -> str:
    """Minutes of the day as a clock shows them."""
    return "" if minutes is None else f"{minutes // 60:02d}:{minutes % 60:02d}"


class RotaForm(forms.Form):
    """How often a building is visited in a week, from when until when, and in which hours."""

    how = forms.ChoiceField(
        label=_("按什么"),
        choices=[("own", _("本楼另设")), ("street", _("按街道默认"))],
        widget=forms.RadioSelect,
        initial="own",
    )
    visits = forms.IntegerField(
        label=_("每周走访次数"),
        min_value=0,
        max_value=MOST,
        required=False,
        help_text=_("0 表示这段时间不安排轮值走访，必访照去。"),
    )
    opens = Clock(label=_("几点起可以进楼"), required=False)
    closes = Clock(label=_("几点止"), required=False)
    since = forms.DateField(
        label=_("生效日"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("周计划按周一当天的轮值排整周。"),
    )
    until = forms.DateField(
        label=_("截止日"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("从这一天起恢复原来的；不填为长期。"),
    )
    reason = forms.CharField(
        label=_("说明"), max_length=200, required=False, help_text=_("如：整楼装修、园区集中办公日。")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"since": today(), "how": "own"})
        super().__init__(*args, **kwargs)
        self.fields["since"].widget.attrs["min"] = today().isoformat()

    def clean(self) -> dict[str, Any]:
        """The number where the building has its own, and whatever else cannot be, said beside its field."""
        cleaned = super().clean() or {}
        if cleaned.get("how") == "street":
            cleaned["visits"] = None
        elif cleaned.get("visits") is None and "visits" not in self.errors:
            self.add_error("visits", _("请填次数，或选“按街道默认”。"))
        spell = Spell(*(cleaned.get(name) for name in ("since", "until", "visits", "opens", "closes")))
        for one in faults_of(spell, today()):
            if one.value not in self.errors:
                self.add_error(one.value, gettext(one.label))
        return cleaned

    def said(self) -> dict[str, Any]:
        """What `actions.rota.set_rota` takes."""
        return {name: self.cleaned_data[name] for name in self.fields if name != "how"}


class RotaFileForm(forms.Form):
    """A sheet with the rota of many buildings."""

    MEGABYTES: Final = 2
    file = forms.FileField(
        label=_("轮值表"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        help_text=_("Excel（.xlsx、.xls）或 CSV；先下载现有轮值，改好再传。"),
    )

    def clean_file(self) -> Any:
        """Too large is refused before anything is read."""
        file = self.cleaned_data["file"]
        if file.size > self.MEGABYTES * 1024 * 1024:
            raise forms.ValidationError(_("文件超过 %(n)s MB；请只保留轮值表这一张。") % {"n": self.MEGABYTES})
        return file


class TermsForm(forms.Form):
    """What a week of visits is planned with in a street; beside each the product's default."""

    SPANS: Final = 3  # spans of hours a day that the page offers
    visits = forms.IntegerField(label=_("每楼每周走访次数"), min_value=0, max_value=MOST)
    firms = forms.IntegerField(label=_("每次进楼最多见几家"), min_value=1, max_value=20)
    enter = forms.IntegerField(label=_("进楼几分钟"), min_value=0, max_value=120)
    chat = forms.IntegerField(label=_("一般企业几分钟"), min_value=1, max_value=240)
    talk = forms.IntegerField(label=_("必访企业几分钟"), min_value=1, max_value=240)
    pace = forms.IntegerField(label=_("步行每分钟几米"), min_value=20, max_value=200)
    seconds = forms.IntegerField(label=_("求解几秒"), min_value=0, max_value=600)

    def __init__(self, *args: Any, now: PlanTerms, usual: Mapping[str, Any], **kwargs: Any) -> None:
        hours = list(now.hours)
        initial = {name: getattr(now, name) for name in self.base_fields}
        kwargs.setdefault("initial", {**initial, "source": "" if now.is_default else now.source})
        super().__init__(*args, **kwargs)
        for name in self.base_fields:
            self.fields[name].help_text = _("产品默认：%(value)s") % {"value": usual[name]}
        for at in range(self.SPANS):
            span, default = (one[at] if at < len(one) else (None, None) for one in (hours, usual["hours"]))
            told = "–".join(clock_of(one) for one in default) if default[0] is not None else ""
            for edge, (side, label) in enumerate((("from", _("第 %(n)s 段外出 起")), ("to", _("第 %(n)s 段外出 止")))):
                self.fields[f"{side}{at}"] = Clock(
                    label=label % {"n": at + 1},
                    required=at == 0,
                    initial=clock_of(span[edge]),
                    help_text=_("产品默认：%(value)s") % {"value": told} if told else "",
                )
        self.fields["source"] = forms.CharField(label=_("依据"), max_length=300, help_text=_("如文件名称与文号。"))

    def clean(self) -> dict[str, Any]:
        """Hours in order, one span after the other; what is wrong is said beside the span."""
        cleaned = super().clean() or {}
        hours: list[list[int]] = []
        for at in range(self.SPANS):
            begins, ends = cleaned.get(f"from{at}"), cleaned.get(f"to{at}")
            if begins is None and ends is None:
                continue
            if begins is None or ends is None:
                self.add_error(f"to{at}", _("起止都要填。"))
            elif begins >= ends:
                self.add_error(f"to{at}", _("止应晚于起。"))
            elif hours and begins < hours[-1][1]:
                self.add_error(f"from{at}", _("应晚于上一段的止。"))
            else:
                hours.append([begins, ends])
        cleaned["hours"] = hours
        return cleaned

    def said(self) -> dict[str, Any]:
        """What `actions.planning.set_terms` takes."""
        return {name: self.cleaned_data[name] for name in (*self.base_fields, "hours", "source")}
