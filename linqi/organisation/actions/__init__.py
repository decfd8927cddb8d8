"""What is done to departments, link teams, bodies, people and their posts 组织动作."""

from linqi.organisation.actions.bodies import end_body, end_body_seat, found_body, give_body_seat
from linqi.organisation.actions.people import (
    employ,
    end_employment,
    end_mandate,
    end_post,
    enter_company,
    enter_person,
    give_mandate,
    give_post,
)
from linqi.organisation.actions.roster import apply_roster, take_roster, try_roster, undo_roster
from linqi.organisation.actions.teams import (
    change_seat,
    create_department,
    end_team,
    form_team,
    receive_hand_over,
    seed_departments,
    substitute,
)
from linqi.organisation.actions.ties import add_centre_service, count_service, end_tie, open_centre, tie

__all__ = [
    "add_centre_service",
    "apply_roster",
    "change_seat",
    "count_service",
    "create_department",
    "employ",
    "end_body",
    "end_body_seat",
    "end_employment",
    "end_mandate",
    "end_post",
    "end_team",
    "end_tie",
    "enter_company",
    "enter_person",
    "form_team",
    "found_body",
    "give_body_seat",
    "give_mandate",
    "give_post",
    "open_centre",
    "receive_hand_over",
    "seed_departments",
    "substitute",
    "take_roster",
    "tie",
    "try_roster",
    "undo_roster",
]
