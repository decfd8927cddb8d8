"""A well-documented firm of 35 facts against all 46 rules: what derived fields are worth.

domain.md (section 0, fact 27) reports 6 met, 5 unmet, 35 unknown for a firm of "about 35 facts" whose facts are not among the notes. This is
our own firm of 35 facts. Read without derived fields, as a plain table of facts would be, most rules stay unknown; with them ten are settled.
"""

from collections import Counter
from dataclasses import replace
from datetime import date

from linqi.conditions.book import Book
from linqi.conditions.facts import Known
from linqi.conditions.one import judge
from linqi.conditions.rules import Rule
from linqi.conditions.tree import parse
from linqi.enterprises.known import book
from linqi.policies.actions.library import library

DAY = date(2026, 11, 23)
FIRM = {
    ("registration_country", ""): "CN", ("resident_enterprise", ""): True, ("registration_region", ""): "330110", ("established_on", ""): date(2019, 5, 8),
    ("entity_type", ""): "company", ("ownership", ""): "private", ("industry_code", ""): "I6513", ("registered_capital", ""): 10_000_000,
    ("abnormal_operation", ""): False, ("serious_dishonesty", ""): False, ("major_incident_recent", ""): False, ("research_dishonesty", ""): False,
    ("restricted_industry", ""): False, ("revenue", "2025"): 42_000_000, ("revenue", "2024"): 33_000_000, ("sales_revenue", "2025"): 42_000_000,
    ("main_business_revenue", "2025"): 40_000_000, ("total_income", "2025"): 42_500_000, ("hitech_revenue", "2025"): 31_000_000,
    ("total_assets", "2025"): 38_000_000, ("total_liabilities", "2025"): 15_000_000, ("rd_expense", "2025"): 4_200_000, ("rd_expense", "2024"): 3_100_000,
    ("employees", "2025"): 86, ("tech_staff", "2025"): 35, ("ip_class1", ""): 2, ("ip_class2", ""): 14, ("hitech_field", ""): "electronics_it",
    ("certificates", ""): ["HNTE", "TECH_SME"], ("niche_years", ""): 5, ("vat_taxpayer_kind", ""): "general", ("tax_collection_method", ""): "audit",
    ("accounting_sound", ""): True, ("four_above", ""): "service", ("listing_stage", ""): "none",
}  # fmt: skip


def tally(fields):
    facts = {at: Known(value) for at, value in FIRM.items()}
    versions = [(row["key"], one) for row in library() for one in row["versions"]]
    return Counter(
        judge(Rule(key, parse(one["conditions"], fields)), facts, DAY, fields).outcome.value for key, one in versions
    )


def test_thirty_five_facts_settle_twenty_of_forty_six_rules():
    assert len(FIRM) == 35
    assert tally(book()) == {"met": 6, "unmet": 14, "unknown": 26}


def test_without_derived_fields_ten_of_them_would_stay_unknown():
    assert tally(Book(replace(field, formula="") for field in book().values())) == {"met": 2, "unmet": 8, "unknown": 36}
