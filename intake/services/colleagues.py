"""Who of an agency's members can open, and who waits for its key."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection

from intake.domain.entry import fingerprint
from intake.domain.people import Permission
from intake.services.sign_in import Visit
from intake.store import people, proposals, reminders, rotation, staff
from intake.store.columns import AnyRow
from intake.store.database import Database
from intake.vault.envelope import EnvelopeDamaged
from intake.vault.keyring import open_grant
from intake.vault.words import words_of


@dataclass(frozen=True)
class Colleague:
    """A member of an agency. ``signed``: the keeper of the directory key has signed the role."""

    id: UUID
    name: str
    sign_in_name: str
    opens: bool
    signed: bool


@dataclass(frozen=True)
class OwnWords:
    """What one tells others of one's keys: the words of the own one, and of each key that one has
    of an agency and that waits to be signed.
    """

    own: str
    of_agencies: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class AgencyMembers:
    """The members of one agency as one of them sees it; ``held``: somebody has its key.

    ``leavers``: who left with the key that is in use still. ``unfinished``: a change of the key has
    not come to its end.
    """

    agency: str
    opens: bool
    held: bool
    members: tuple[Colleague, ...]
    leavers: tuple[str, ...]
    unfinished: bool

    @property
    def waiting(self) -> tuple[Colleague, ...]:
        """Those without the key."""
        return tuple(member for member in self.members if not member.opens)


@dataclass(frozen=True)
class News:
    """What a member is told above the inbox."""

    waits: bool
    to_give: int
    without_worker: int
    leavers: tuple[str, ...]
    unfinished: bool


@dataclass(frozen=True)
class Colleagues:
    """The members of one's own agencies."""

    database: Database

    def __call__(self, visit: Visit, today: date) -> tuple[AgencyMembers, ...]:
        """By agency."""
        agencies = visit.person.agencies(Permission.GIVE_KEYS)
        with self.database.read() as connection:
            rows = staff.members_and_grants(connection, agencies, today)
            members = reminders.staff_of(connection, agencies, (), today)
            signed = {(row.agency_id, row.id) for row in members}
            keys = {agency: people.key_in_use(connection, agency) for agency in agencies}
            held = {a for a, key in keys.items() if key and people.has_holder(connection, key)}
            left = rotation.leavers(connection, agencies)
            unfinished = _unfinished(connection, agencies, visit.person.id)
        found: dict[str, list[Colleague]] = {agency: [] for agency in sorted(agencies)}
        for row in rows:
            is_signed = (row.agency_id, row.id) in signed
            member = Colleague(row.id, row.name, row.sign_in_name, bool(row.opens), is_signed)
            found[row.agency_id].append(member)
        return tuple(
            AgencyMembers(
                agency,
                any(member.opens for member in members if member.id == visit.person.id),
                agency in held,
                tuple(members),
                tuple(row.name for row in left if row.agency_id == agency),
                agency in unfinished,
            )
            for agency, members in found.items()
        )

    def words(self, visit: Visit) -> OwnWords:
        """Those that others ask one for."""
        person = visit.person
        places = {m.agency for m in (*person.memberships, *person.waiting) if m.agency}
        found: dict[str, list[str]] = {}
        with self.database.read() as connection:
            waiting = proposals.keys_waiting(connection)
            for agency in sorted(places):
                held = people.grants_held(connection, agency, person.id)
                for row in held:
                    signed = people.agency_key(connection, row.agency_key_id) is not None
                    if row.agency_key_id in waiting and not signed:
                        found.setdefault(agency, []).append(_words_of_granted(visit, row))
        return OwnWords(own_words(visit), found)

    def news(self, visit: Visit, today: date) -> News:
        """In short."""
        agencies = visit.person.agencies(Permission.GIVE_KEYS)
        with self.database.read() as connection:
            rows = staff.members_and_grants(connection, agencies, today)
            without_worker = staff.without_worker(connection, agencies)
            left = rotation.leavers(connection, agencies)
            unfinished = _unfinished(connection, agencies, visit.person.id)
            opened = {row.agency_id for row in rows if row.opens and row.id == visit.person.id}
            to_give = {row.id for row in rows if not row.opens and row.agency_id in opened}
            if to_give:
                signed = reminders.staff_of(connection, opened, (), today)
                to_give &= {row.id for row in signed}
        return News(
            waits=any(not row.opens and row.id == visit.person.id for row in rows),
            to_give=len(to_give),
            without_worker=without_worker,
            leavers=tuple(row.name for row in left if row.agency_id in opened),
            unfinished=bool(unfinished & opened),
        )


def _unfinished(connection: Connection, agencies: Collection[str], person_id: UUID) -> set[str]:
    """Those of these agencies whose change of key goes on to a key that counts."""
    found = rotation.unfinished(connection, agencies, person_id)
    return {
        agency
        for agency in found
        if (key := people.key_in_use(connection, agency)) and people.agency_key(connection, key)
    }


def own_words(visit: Visit) -> str:
    """Of the own key itself, whatever the database says of it."""
    return words_of(fingerprint(visit.key.public().raw))


def _words_of_granted(visit: Visit, row: AnyRow) -> str:
    """Of an agency's key as it was granted; nothing where it does not open."""
    try:
        key = open_grant(visit.key, row.sealed_key, row.agency_key_id, visit.person.id)
    except EnvelopeDamaged:
        return ""
    return words_of(fingerprint(key.public().raw))
