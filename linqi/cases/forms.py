"""What a browser says of a case."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from linqi.cases.attachments import ACCEPTED
from linqi.cases.dispatch import Clause
from linqi.cases.flow import Join, Mend, Move
from linqi.cases.models import Case, Channel, Ground, Outcome, Route, Solved, Source
from linqi.cases.receivables import Debtor
from linqi.cases.replying import doubts
from linqi.catalogue.guides import Material
from linqi.catalogue.models import CaseClass, Category
from linqi.catalogue.queries import grouped_by_window
from linqi.enterprises.models import Enterprise
from linqi.kit.clock import Unit, today
from linqi.organisation.models import Department
from linqi.territory.models import Place, PlaceKind
from linqi.territory.queries import with_path


class FilesInput(forms.ClearableFileInput):
    """Several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; what is in them is checked by the action."""

    widget = FilesInput(attrs={"accept": ACCEPTED, "multiple": True})

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """The files sent, an empty list when none."""
        sent = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(FilesField, self).clean(one, initial) for one in sent]


class AttachForm(forms.Form):
    """Files to be kept with a case."""

    attached = FilesField(
        label=_("附件"),
        required=False,
        help_text=_("图片、PDF、Word、Excel、PPT，每个不超过 10 MB，最多 9 个；照片里的位置信息会自动去掉。"),
    )


class ReceivableForm(forms.Form):
    """The money a case is about."""

    amount = forms.DecimalField(label=_("金额（元）"), min_value=Decimal("0.01"), max_digits=14, decimal_places=2)
    debtor = forms.ChoiceField(label=_("付款方类型"), choices=[(one.value, _(one.label)) for one in Debtor])
    debtor_name = forms.CharField(label=_("付款方名称"), max_length=120)
    delivered_on = forms.DateField(
        label=_("交付或验收日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    agreed_days = forms.IntegerField(
        label=_("合同约定的付款天数"), min_value=0, max_value=3650, required=False, help_text=_("没有约定的不填。")
    )
    agreed_daily = forms.DecimalField(
        label=_("合同约定的逾期日利率"),
        min_value=0,
        max_digits=8,
        decimal_places=6,
        required=False,
        help_text=_("如万分之五填 0.0005；没有约定的不填。"),
    )

    def said(self) -> dict[str, Any]:
        """What was said, as the action takes it."""
        return {**self.cleaned_data, "debtor": Debtor(self.cleaned_data["debtor"])}


class HandedForm(forms.Form):
    """What was handed in of what the guide asks for, and by when the rest that may come later is promised."""

    handed = forms.MultipleChoiceField(
        label=_("已交来的材料"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("没有勾选的即为尚缺。"),
    )
    promised_for = forms.DateField(
        label=_("可容缺材料的承诺补交日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("企业当面承诺的才填；不填的由企业自己承诺。"),
    )

    def __init__(self, *args: Any, materials: list[Material], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        handed = self.fields["handed"]
        assert isinstance(handed, forms.MultipleChoiceField)
        handed.choices = [(one.name, f"{one.name}（{_('可容缺')}）" if one.later else one.name) for one in materials]


class PromiseForm(forms.Form):
    """By which day something is promised."""

    promised_for = forms.DateField(
        label=_("承诺补交日期"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


class CategoryField(forms.ModelChoiceField[Category]):
    """A category, the choices grouped by window."""

    def set_categories(self, categories: QuerySet[Category]) -> None:
        """Offer these, in their order."""
        self.queryset = categories
        self.choices = [("", _("请选择")), *grouped_by_window(categories)]


class CategoriesField(forms.ModelMultipleChoiceField[Category]):
    """Any number of categories, grouped by window."""

    def set_categories(self, categories: QuerySet[Category]) -> None:
        """Offer these, in their order."""
        self.queryset = categories
        self.choices = grouped_by_window(categories)


def _offer_places(field: forms.Field, places: QuerySet[Place]) -> None:
    """Let a form's box of places offer these."""
    assert isinstance(field, PlaceField)
    field.offer(places)


def _offer(field: forms.Field, categories: QuerySet[Category]) -> None:
    """Let a form's box of categories offer these."""
    assert isinstance(field, CategoryField | CategoriesField)
    field.set_categories(categories)


class PlaceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Where: each place by its way down from the community, as a room's number alone says nothing."""

    LEFT_OUT: Final = (PlaceKind.DISTRICT, PlaceKind.STREET)  # the same for all that are offered

    def __init__(self, **said: Any) -> None:
        super().__init__(Place.objects.none(), **said)

    def offer(self, places: QuerySet[Place]) -> None:
        """Let the box offer these, one query more for their ways."""
        self.queryset = with_path(places, today())

    def label_from_instance(self, place: Any) -> str:
        """The names from the community down to the place."""
        above = [one.ancestor.name for one in place.above if one.ancestor.kind not in self.LEFT_OUT]
        return " / ".join([*above, place.name])


class CaseForm(AttachForm):
    """A new request: where, what about, in one sentence, and more if one likes."""

    place = PlaceField(label=_("地点"), empty_label=None)
    category = CategoryField(Category.objects.none(), label=_("诉求类别"))
    title = forms.CharField(
        label=_("事项"), max_length=120, widget=forms.TextInput(attrs={"placeholder": _("一句话说清楚要办什么")})
    )
    body = forms.CharField(
        label=_("详细情况"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    field_order: Sequence[str] = (
        "place",
        "title",
        "body",
        "category",
        "attached",
    )  # said first, then sorted: a category is proposed

    def __init__(self, *args: Any, places: QuerySet[Place], categories: QuerySet[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_places(self.fields["place"], places)
        _offer(self.fields["category"], categories)


class DeskCaseForm(CaseForm):
    """A new request at the desk: for an enterprise or for nobody known, told in person or on the phone."""

    WAYS: Final = [(one.value, _(one.label)) for one in (Source.DESK, Source.PHONE)]
    way = forms.ChoiceField(
        label=_("受理方式"), choices=WAYS, widget=forms.RadioSelect, initial=Source.DESK.value, required=False
    )
    said_enterprise = forms.CharField(
        label=_("自称哪家企业"), max_length=120, required=False, help_text=_("没有入库或未核实时填写。")
    )
    contact_name = forms.CharField(label=_("联系人"), max_length=60, required=False)
    contact_phone = forms.CharField(label=_("联系电话"), max_length=30, required=False)
    field_order = (
        "way",
        "said_enterprise",
        "place",
        "title",
        "body",
        "category",
        "contact_name",
        "contact_phone",
        "attached",
    )

    def __init__(self, *args: Any, known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if known:
            del self.fields["said_enterprise"]

    def clean(self) -> dict[str, Any]:
        """Whoever calls and is no user of ours must be called back."""
        said = super().clean() or self.cleaned_data
        said["way"] = said.get("way") or Source.DESK.value
        if said["way"] == Source.PHONE and not said.get("contact_phone"):
            self.add_error("contact_phone", _("来电登记请记下回电号码。"))
        return said


class AskForm(forms.Form):
    """What somebody asks who has no account; `trap` is filled by programs only."""

    said_enterprise = forms.CharField(label=_("企业名称"), max_length=120, required=False)
    place = PlaceField(label=_("园区或楼宇"), empty_label=_("不确定"), required=False)
    category = CategoryField(Category.objects.none(), label=_("诉求类别"))
    title = forms.CharField(label=_("事项"), max_length=120)
    body = forms.CharField(
        label=_("详细情况"), max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    contact_name = forms.CharField(label=_("联系人"), max_length=60)
    contact_phone = forms.CharField(label=_("联系电话"), max_length=30)
    trap = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}))

    def __init__(self, *args: Any, places: QuerySet[Place], categories: QuerySet[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_places(self.fields["place"], places)
        _offer(self.fields["category"], categories)


class PublicFormForm(forms.Form):
    """A street's form: open or not, who may embed it, and what it says first."""

    on = forms.BooleanField(label=_("开放网页表单"), required=False)
    sites = forms.CharField(
        label=_("可以嵌入的网站"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("每行一个，如 https://www.example.cn；不填则只能直接打开，不能嵌入。"),
    )
    greeting = forms.CharField(label=_("表单上的说明"), max_length=200, required=False)


class BatchForm(forms.Form):
    """A file of another house."""

    street = forms.ModelChoiceField(Place.objects.none(), label=_("街道"), empty_label=None)
    channel = forms.ChoiceField(label=_("来自哪个渠道"), choices=[(one.value, _(one.label)) for one in Channel])
    file = forms.FileField(
        label=_("文件"),
        help_text=_("Excel（.xlsx、.xls）或 CSV，最多 2000 行；列名不必与模板完全一样。"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
    )

    def __init__(self, *args: Any, streets: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["street"].queryset = streets  # type: ignore[attr-defined]


class CorrectForm(forms.Form):
    """What was noted of a case; `was_…` carry what the user saw, so that another's change is not undone unseen."""

    title = forms.CharField(label=_("事项"), max_length=120)
    body = forms.CharField(
        label=_("详细情况"), max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 5})
    )
    category = CategoryField(Category.objects.none(), label=_("诉求类别"))
    place = PlaceField(label=_("地点"), empty_label=None)
    contact_name = forms.CharField(label=_("联系人"), max_length=60, required=False)
    contact_phone = forms.CharField(label=_("联系电话"), max_length=30, required=False)

    def __init__(
        self,
        *args: Any,
        noted: dict[str, str],
        places: QuerySet[Place],
        categories: QuerySet[Category],
    ) -> None:
        super().__init__(*args, initial=noted)  # type: ignore[misc]
        _offer_places(self.fields["place"], places)
        _offer(self.fields["category"], categories)
        for name, value in noted.items():
            self.fields[f"was_{name}"] = forms.CharField(
                required=False, initial=value, strip=False, widget=forms.HiddenInput
            )

    def before(self) -> dict[str, str]:
        """The fields as the user saw them."""
        return {
            name.removeprefix("was_"): said.replace("\r\n", "\n")
            for name, said in self.cleaned_data.items()
            if name.startswith("was_")
        }

    def after(self) -> dict[str, str]:
        """The fields as the user wants them."""
        return {
            name: str(getattr(said, "pk", said)).replace("\r\n", "\n")
            for name, said in self.cleaned_data.items()
            if not name.startswith("was_")
        }


class OwnCaseForm(CaseForm):
    """A new request of an enterprise user, who may speak for more than one enterprise."""

    enterprise = forms.ModelChoiceField(Enterprise.objects.none(), label=_("企业"), empty_label=None)
    field_order = ("enterprise", "title", "body", "category", "place", "attached")

    def __init__(self, *args: Any, enterprises: QuerySet[Enterprise], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["enterprise"].queryset = enterprises  # type: ignore[attr-defined]


class SayForm(forms.Form):
    """The words that go with a move: an answer, or a reason."""

    text = forms.CharField(label=_("说明"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = label


class DepartmentField(forms.ModelChoiceField[Department]):
    """A section under its name in the reader's language."""

    def label_from_instance(self, obj: Department) -> str:
        return obj.title


class DispatchForm(SayForm):
    """To which section, and why; where a section is only a wish, none need be named."""

    department = DepartmentField(Department.objects.none(), label=_("科室"), empty_label=_("请选择科室"))
    field_order = ("department", "text")

    def __init__(self, *args: Any, departments: QuerySet[Department], required: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"].required = required
        self.fields["department"].queryset = departments  # type: ignore[attr-defined]


class CommunityForm(SayForm):
    """To which community, and what it should do."""

    community = forms.ModelChoiceField(Place.objects.none(), label=_("社区"), empty_label=None)
    field_order = ("community", "text")

    def __init__(self, *args: Any, communities: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["community"].queryset = communities  # type: ignore[attr-defined]


class DutiesForm(forms.Form):
    """What stands on a community's list."""

    community = forms.ModelChoiceField(Place.objects.none(), label=_("社区"), empty_label=None)
    categories = CategoriesField(
        Category.objects.none(),
        label=_("清单内的类别"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": "10"}),
        help_text=_("清单以外的事项交社区办，须先经社区书记准入。按住 Ctrl 可以多选。"),
    )

    def __init__(self, *args: Any, communities: QuerySet[Place], categories: QuerySet[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["community"].queryset = communities  # type: ignore[attr-defined]
        _offer(self.fields["categories"], categories)


class AnswerForm(SayForm):
    """The answer, and what it could do for the one who asked."""

    outcome = forms.ChoiceField(
        label=_("办理结果"), choices=[(one.value, _(one.label)) for one in Outcome], widget=forms.RadioSelect
    )
    category = CategoryField(
        Category.objects.none(), label=_("类别（不对请改）"), required=False, help_text=_("改过的会用来改进研判。")
    )
    sure = forms.BooleanField(label=_("已看过提示，仍按这样答复"), required=False, widget=forms.HiddenInput)
    field_order = ("outcome", "text", "category", "sure")

    def __init__(self, *args: Any, found: Case, categories: QuerySet[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found
        _offer(self.fields["category"], categories)
        self.fields["category"].initial = found.category_id

    def clean(self) -> dict[str, Any]:
        """What an answer lacks is said once; whoever has read it may send it all the same."""
        said = super().clean() or self.cleaned_data
        text = said.get("text", "")
        lacking = doubts(
            f"{self.found.title}。{self.found.body}", text, refused=said.get("outcome") == Outcome.EXPLAINED
        )
        if text and lacking and not said.get("sure"):
            self.fields["sure"].widget = forms.CheckboxInput()
            for one in lacking:
                about = _("：“%(words)s”") % {"words": one.about} if one.about else ""
                self.add_error("text", f"{_(one.doubt.label)}{about}")
        return said


class RouteForm(SayForm):
    """Where the law sends it, and how to get there."""

    route = forms.ChoiceField(label=_("法定途径"), choices=[(one.value, _(one.label)) for one in Route])
    field_order = ("route", "text")


class MergeForm(SayForm):
    """Into which case, by its number, and why it is the same thing."""

    main = forms.CharField(label=_("并入的办件编号"), max_length=20)
    field_order = ("main", "text")


class RatingForm(forms.Form):
    """One to five stars, and what the enterprise wants to say."""

    STARS: Final = [
        ("5", _("★★★★★ 非常满意")),
        ("4", _("★★★★ 满意")),
        ("3", _("★★★ 基本满意")),
        ("2", _("★★ 不满意")),
        ("1", _("★ 非常不满意")),
    ]
    stars = forms.ChoiceField(label=_("您对这次办理是否满意？"), choices=STARS, widget=forms.RadioSelect)
    solved = forms.ChoiceField(
        label=_("问题解决了吗？"), choices=[(one.value, _(one.label)) for one in Solved], widget=forms.RadioSelect
    )
    comment = forms.CharField(
        label=_("想说的话"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )


class ExclusionForm(forms.Form):
    """On what ground, and why, a case should be left out of the rates."""

    ground = forms.ChoiceField(label=_("剔除事由"), choices=[(one.value, _(one.label)) for one in Ground])
    reason = forms.CharField(label=_("剔除理由"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))


class LimitForm(forms.Form):
    """A street's own time limit for one class of cases."""

    UNITS: Final = [(one.value, _(one.label)) for one in Unit]
    case_class = forms.ChoiceField(label=_("办件类型"))
    accept_amount = forms.DecimalField(label=_("受理时限"), min_value=0, max_digits=6, decimal_places=1)
    accept_unit = forms.ChoiceField(label=_("受理时限单位"), choices=UNITS)
    contact_amount = forms.DecimalField(
        label=_("首次联系时限"),
        min_value=0,
        max_digits=6,
        decimal_places=1,
        required=False,
        help_text=_("不填为不计首次联系。"),
    )
    contact_unit = forms.ChoiceField(
        label=_("首次联系时限单位"), choices=UNITS, initial=Unit.WORKING_HOURS.value, required=False
    )
    close_amount = forms.DecimalField(label=_("办结时限"), min_value=0, max_digits=6, decimal_places=1)
    close_unit = forms.ChoiceField(label=_("办结时限单位"), choices=UNITS)
    extend_amount = forms.DecimalField(
        label=_("可延期"),
        min_value=0,
        max_digits=6,
        decimal_places=1,
        required=False,
        help_text=_("与办结时限同单位，只可延一次；不填为不可延期。"),
    )
    source = forms.CharField(label=_("依据"), max_length=200, help_text=_("街道文件的名称与文号。"))
    community = forms.ModelChoiceField(
        Place.objects.none(), label=_("只用于哪个社区"), required=False, empty_label=_("全街道")
    )
    since = forms.DateField(
        label=_("启用日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("不填为今天起。"),
    )

    def __init__(self, *args: Any, communities: QuerySet[Place], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["community"].queryset = communities  # type: ignore[attr-defined]
        self.fields["case_class"].choices = [(one.value, _(one.label)) for one in CaseClass]  # type: ignore[attr-defined]

    def terms(self) -> dict[str, str]:
        """The limits as terms of kit.clock."""
        said = self.cleaned_data
        extend = f"{said['extend_amount']:f} {said['close_unit']}" if said["extend_amount"] else ""
        unit = said["contact_unit"] or Unit.WORKING_HOURS.value
        contact = f"{said['contact_amount']:f} {unit}" if said["contact_amount"] else ""
        return {
            "contact": contact,
            "accept": f"{said['accept_amount']:f} {said['accept_unit']}",
            "close": f"{said['close_amount']:f} {said['close_unit']}",
            "extend": extend,
        }


class DepartmentsField(forms.ModelMultipleChoiceField[Department]):
    """Any number of sections under their names in the reader's language."""

    def label_from_instance(self, obj: Department) -> str:
        return obj.title


class RowForm(forms.Form):
    """One row of a dispatch table: for which cases, from when until when, which section, together with which."""

    TALL: Final = {"size": "6"}
    categories = CategoriesField(
        Category.objects.none(),
        label=_("类别"),
        required=False,
        widget=forms.SelectMultiple(attrs={"size": "10"}),
        help_text=_("不选为不限，下同。按住 Ctrl 可以多选。"),
    )
    places = forms.ModelMultipleChoiceField(
        Place.objects.none(),
        label=_("地点"),
        required=False,
        widget=forms.SelectMultiple(attrs=TALL),
        help_text=_("选中的空间及其以下。"),
    )
    classes = forms.MultipleChoiceField(
        label=_("类型"), required=False, widget=forms.CheckboxSelectMultiple, choices=[]
    )
    sources = forms.MultipleChoiceField(
        label=_("来源"), required=False, widget=forms.CheckboxSelectMultiple, choices=[]
    )
    department = DepartmentField(Department.objects.none(), label=_("主办科室"), empty_label=_("请选择科室"))
    together = DepartmentsField(
        Department.objects.none(), label=_("协办科室"), required=False, widget=forms.CheckboxSelectMultiple
    )
    since = forms.DateField(
        label=_("启用日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("不填为今天起。"),
    )
    until = forms.DateField(
        label=_("停用日期"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("从这一天起不再使用；不填为长期。"),
    )

    def __init__(
        self,
        *args: Any,
        departments: QuerySet[Department],
        categories: QuerySet[Category],
        places: QuerySet[Place],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        offered: dict[str, Any] = {"department": departments, "together": departments, "places": places}
        for name, rows in offered.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        _offer(self.fields["categories"], categories)
        for name, choice in (("classes", CaseClass), ("sources", Source)):
            self.fields[name].choices = [(one.value, _(one.label)) for one in choice]  # type: ignore[attr-defined]

    def clause(self) -> Clause:
        """The conditions as the rule reads them."""
        said = self.cleaned_data
        return Clause(
            frozenset(said["categories"].values_list("code", flat=True)),
            frozenset(said["classes"]),
            frozenset(said["sources"]),
            frozenset(said["places"].values_list("pk", flat=True)),
        )


SAY: Final[dict[Move | Mend | Join, Any]] = {  # what a move asks for in words; moves without an entry need none
    Move.ANSWER: _("答复内容"),
    Move.CONTACT: _("联系情况"),
    Move.ASK_MORE: _("还要企业补充什么（一次写全）"),
    Move.SUPPLY: _("补充内容"),
    Move.ASK_EXTENSION: _("延期原因"),
    Move.GRANT_EXTENSION: _("审批意见"),
    Move.REFUSE_EXTENSION: _("不同意的理由"),
    Move.ADD_STRAND: _("要协办什么"),
    Move.ASK_COMMUNITY: _("要社区办什么"),
    Move.ESCALATE: _("要联席会议决定什么"),
    Move.RESOLVE: _("会议决定"),
    Move.OBJECT: _("异议理由与依据"),
    Move.UPHOLD_OBJECTION: _("裁定理由"),
    Move.REJECT_OBJECTION: _("裁定理由"),
    Move.MERGE: _("为什么是同一件事"),
    Move.ROUTE_OUT: _("法定依据与办理方式"),
    Join.DONE: _("协办情况"),
    Join.CANNOT: _("办不了的原因"),
    Join.DROP: _("取消的原因"),
    Join.REFUSE: _("不予准入的理由"),
    Move.SEND_BACK: _("退单理由"),
    Move.REDISPATCH: _("派单理由"),
    Mend.UPHOLD: _("核实情况"),
    Mend.REJECT: _("核实不成立的理由"),
    Mend.MEND: _("整改措施"),
    Mend.CONTENT: _("回访情况"),
    Mend.DISCONTENT: _("哪里仍不满意"),
    Move.REOPEN: _("哪里还没有解决"),
    Move.WITHDRAW: _("撤回原因"),
}
