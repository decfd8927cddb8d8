"""What a browser says of clues, tasks, statements, hauls and terms."""

from collections.abc import Iterable
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from linqi.cases.forms import FilesField
from linqi.kit.clock import Term, Unit
from linqi.territory.models import Place
from linqi.waste.flow import HaulKind
from linqi.waste.forms import MomentInput, day_field
from linqi.waste.kinds import ClueKind, Stream
from linqi.waste.models import Bin, Point
from linqi.waste.rules import ladder
from linqi.waste.rules.ladder import StepKind, Terms
from linqi.waste.rules.law import Offence, Officer, band_in_words

LONG: Final = {"rows": 4}


def text_field(label: Any, most: int = 2000, **said: Any) -> forms.CharField:
    """Several lines of text."""
    return forms.CharField(label=label, max_length=most, widget=forms.Textarea(attrs=LONG), **said)


class LookForm(forms.Form):
    """What somebody saw who looked at a clue."""

    confirmed = forms.ChoiceField(
        label=_("核看结果"), choices=[("1", _("属实")), ("0", _("不属实"))], widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("说明"), max_length=200, required=False, help_text=_("不属实的请写明为什么，如“反光误判”。")
    )


class RefuteForm(forms.Form):
    """Why several clues are not so."""

    reason = forms.CharField(label=_("为什么不属实"), max_length=200)


class ClueForm(forms.Form):
    """What a patrol saw at a bin."""

    bin = forms.CharField(label=_("桶号"), max_length=40, help_text=_("桶身标签上的编号。"))
    kind = forms.ChoiceField(label=_("看到什么"), choices=ClueKind.choices)
    at = forms.DateTimeField(label=_("看到的时间"), widget=MomentInput())
    note = forms.CharField(label=_("情况"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


class PartyForm(forms.Form):
    """Whom a task addresses, and why."""

    party = forms.ChoiceField(label=_("整改对象"), widget=forms.RadioSelect)
    why = forms.CharField(
        label=_("凭什么确认"), max_length=300, help_text=_("如“三次投放均为该单位投放卡，现场询问属实”。")
    )

    def __init__(self, *args: Any, parties: Iterable[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["party"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(parties)


class TextForm(forms.Form):
    """The words of a step."""

    text = text_field(_("告知内容"), 4000)


class NoteForm(forms.Form):
    """What somebody saw."""

    note = text_field(_("看到的情况"), 300)


class MayNoteForm(forms.Form):
    """A word that may be left out."""

    note = text_field(_("复查说明"), 300, required=False)


class CorrectForm(NoteForm):
    """It was put right at once, and it is a first and minor matter."""

    minor = forms.BooleanField(
        label=_("违法行为轻微，没有造成危害后果（由您判断）"),
        required=False,
    )


class ReasonForm(forms.Form):
    """Why something is dropped or taken back."""

    reason = text_field(_("原因"), 300)


class WithdrawForm(ReasonForm):
    """Why a task is taken back, and whether its clues ask for another."""

    again = forms.BooleanField(label=_("线索属实但对象不对：用同样的线索重新成案"), required=False)


class OffenceForm(forms.Form):
    """Which offence is named, out of those that can fit; the mildest stands first, none is chosen."""

    offence = forms.ChoiceField(label=_("可能适用的条款（请选择）"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, offences: Iterable[Offence], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["offence"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.id, f"{one.citation} {one.act}（{band_in_words(one)}）") for one in offences]


class OrderForm(OffenceForm):
    """An order to correct."""

    text = text_field(_("责令内容"), 4000)


class ReferForm(OffenceForm):
    """What is handed to two officers."""

    officer_a = forms.CharField(label=_("执法人员一"), max_length=40)
    certificate_a = forms.CharField(label=_("执法证号一"), max_length=40)
    officer_b = forms.CharField(label=_("执法人员二"), max_length=40)
    certificate_b = forms.CharField(label=_("执法证号二"), max_length=40)
    reason = text_field(_("移送的事实和理由"), 500)

    def said(self) -> dict[str, Any]:
        """As the action takes it."""
        told = self.cleaned_data
        officers = [Officer(told[f"officer_{one}"], told[f"certificate_{one}"]) for one in "ab"]
        return {"offence": told["offence"], "officers": officers, "reason": told["reason"]}


class AnswerForm(forms.Form):
    """What the officers answered."""

    text = text_field(_("执法机关的反馈"), 500)


class SayForm(forms.Form):
    """What a party says, with files."""

    text = text_field(_("说明"))
    attached = FilesField(
        label=_("照片或文件"),
        required=False,
        help_text=_("可不传。图片、PDF、Office 文件，每个不超过 10 MB，最多 6 个；照片里的位置信息会自动去掉。"),
    )


class HearForm(forms.Form):
    """What a person answers to a defence."""

    upheld = forms.ChoiceField(
        label=_("复核结论"),
        choices=[("1", _("采纳，撤回任务")), ("0", _("不采纳，按原步骤继续"))],
        widget=forms.RadioSelect,
    )
    answer = text_field(_("复核意见"), 1000)


class HaulForm(forms.Form):
    """One load."""

    point = forms.ModelChoiceField(Point.objects.none(), label=_("来源点位"))
    bin = forms.ModelChoiceField(
        Bin.objects.none(), label=_("桶"), required=False, help_text=_("分类不符的须选是哪个桶。")
    )
    hauler = forms.CharField(label=_("收运单位"), max_length=80)
    kind = forms.ChoiceField(label=_("收运情况"), choices=HaulKind.choices, widget=forms.RadioSelect)
    stream = forms.ChoiceField(label=_("种类"), choices=Stream.choices)
    kilograms = forms.DecimalField(
        label=_("数量（千克）"),
        min_value=0,
        max_digits=9,
        decimal_places=2,
        required=False,
        help_text=_("没有称重请留空。"),
    )
    destination = forms.CharField(
        label=_("去向"), max_length=120, required=False, help_text=_("如“余杭易腐垃圾处置中心”；拒绝收运的留空。")
    )
    hauled_at = forms.DateTimeField(label=_("收运时间"), widget=MomentInput())
    note = forms.CharField(
        label=_("分类不符的情况"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, points: QuerySet[Point], bins: QuerySet[Bin], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["point"].queryset = points  # type: ignore[attr-defined]
        self.fields["bin"].queryset = bins  # type: ignore[attr-defined]

    def said(self) -> dict[str, Any]:
        """As the action takes it."""
        told = self.cleaned_data
        return {**told, "kind": HaulKind(told["kind"]), "stream": Stream(told["stream"])}


class StrikeForm(forms.Form):
    """Why a row is struck out."""

    why = forms.CharField(label=_("为什么作废"), max_length=200)


class TermsForm(forms.Form):
    """From how many clues a task is made, and how many working days each step may take."""

    street = forms.ModelChoiceField(Place.objects.none(), label=_("街道"), empty_label=None)
    clues = forms.IntegerField(label=_("属实线索达到（条）"), min_value=1, max_value=ladder.MOST_CLUES)
    days = forms.IntegerField(label=_("在多少天之内"), min_value=1, max_value=ladder.MOST_DAYS)
    remind = forms.IntegerField(label=_("提醒后（工作日）"), min_value=1, max_value=60)
    order = forms.IntegerField(label=_("责令改正（工作日）"), min_value=1, max_value=60)
    recheck = forms.IntegerField(label=_("复查（工作日）"), min_value=1, max_value=60)
    refer = forms.IntegerField(label=_("移送后等反馈（工作日）"), min_value=1, max_value=250)
    since = day_field(_("从哪天起"), help_text=_("正在办理的步骤仍按原期限。"))
    source = forms.CharField(label=_("依据"), max_length=200, help_text=_("文件名称与文号。"))

    def __init__(self, *args: Any, streets: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["street"].queryset = streets  # type: ignore[attr-defined]

    def said(self) -> Terms:
        """As the action takes it."""
        told = self.cleaned_data
        steps = {one.value: f"{told[one.value]} {Unit.WORKING_DAYS.value}" for one in StepKind}
        return Terms(told["clues"], told["days"], **steps, source=told["source"])


def working_days(term: str) -> int | None:
    """The working days of a term, for the form; None when it is counted otherwise."""
    read = Term.parse(term)
    return int(read.amount) if read.unit == Unit.WORKING_DAYS else None


def said_of(label: str) -> str:
    """A label in the reader's language."""
    return _now(label)
