"""The one table of roles and permissions, and people with more than one role."""

from __future__ import annotations

from uuid import UUID

import pytest

from intake.domain.people import PERMISSIONS, Membership, Permission, Person, Role

AT_AN_AGENCY = {"read_referrals", "move_referrals", "key_in", "recuse", "give_keys"}
TABLE = {
    Role.WORKER: AT_AN_AGENCY,
    Role.DEPUTY: AT_AN_AGENCY,
    Role.HEAD: AT_AN_AGENCY | {"lift_recusal", "hold_content"},
}


def person(*memberships: Membership) -> Person:
    return Person(UUID(int=1), "Pia", "pia@ankkuri.invalid", "fi", memberships)


@pytest.mark.parametrize("role", TABLE)
def test_what_each_role_of_an_agency_may(role: Role) -> None:
    assert PERMISSIONS[role] >= TABLE[role]
    for other in set(Role) - set(TABLE):
        assert not PERMISSIONS[other] & AT_AN_AGENCY, other


def test_every_role_stands_in_the_table_and_every_permission_is_somebody_s_or_everybody_s() -> None:
    assert set(PERMISSIONS) == set(Role)
    given = {permission for held in PERMISSIONS.values() for permission in held}
    assert given == set(Permission) - {Permission.ANYONE, Permission.SIGNED_IN}


def test_two_roles_at_one_agency_are_both_held_and_the_more_responsible_is_named() -> None:
    both = person(Membership(Role.DEPUTY, "a"), Membership(Role.HEAD, "a"))
    assert both.role_at("a") is Role.HEAD
    assert both.roles_at("a") == {Role.DEPUTY, Role.HEAD}
    assert both.agencies(Permission.HOLD_CONTENT) == {"a"}


def test_a_role_at_one_agency_gives_nothing_at_another() -> None:
    two = person(Membership(Role.HEAD, "a"), Membership(Role.WORKER, "b"))
    assert two.may(Permission.LIFT_RECUSAL)
    assert two.agencies(Permission.LIFT_RECUSAL) == {"a"}
    assert two.agencies(Permission.READ_REFERRALS) == {"a", "b"}
    assert two.role_at("b") is Role.WORKER
    assert two.role_at("c") is None


def test_a_role_at_a_controller_opens_no_agency_of_it() -> None:
    watching = person(Membership(Role.WORKER, "a"), Membership(Role.SUPERVISOR, controller="c"))
    assert watching.agencies(Permission.READ_REFERRALS) == {"a"}
    assert watching.controllers(Permission.WATCH_DEADLINES) == {"c"}
    assert watching.controllers(Permission.READ_REFERRALS) == frozenset()
    assert not person().may(Permission.READ_REFERRALS)
