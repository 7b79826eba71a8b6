"""Reading the vocabulary file."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

from routing_rules.reading import Table, read_toml
from routing_rules.vocabulary import Field, FieldKind, RulesInvalid, Value, Vocabulary


def load_vocabulary(path: Path) -> Vocabulary:
    """Load the vocabulary. Raises RulesInvalid with every fault found."""
    path = Path(path)
    problems: list[str] = []
    top = Table(read_toml(path), path.name, problems)
    fields_table = top.table("fields")
    fields = {name: _field(fields_table.table(name), name) for name in fields_table.keys()}  # noqa: SIM118
    recipients = top.words("recipients")
    vocabulary = Vocabulary(
        fields=MappingProxyType(fields),
        recipients=recipients,
        desks=top.words("desks"),
        sections=top.words("sections"),
        clocks=top.words("clocks"),
        notices=top.words("notices"),
        tiers=top.words("tiers"),
        leads=top.words("leads", recipients),
        moves=top.words("moves"),
        chase_to=top.words("chase_to"),
    )
    top.done()
    for kind in recipients:
        if kind not in vocabulary.leads:
            top.wrong(f'"leads" does not rank "{kind}"')
    keys = [field for field in fields.values() if field.member_of is not None]
    if len(keys) > 1:
        top.wrong('"member_of" may stand in one field only')
    for key in keys:
        owner = fields.get(key.member_of or "")
        if owner is None or owner.kind is not FieldKind.SET or set(owner.values) != set(key.values):
            top.wrong(f'field "{key.name}": "member_of" must name a set field of the same values')
    if problems:
        raise RulesInvalid(problems)
    return vocabulary


def _field(table: Table, name: str) -> Field:
    kind = table.word("kind", tuple(FieldKind))
    values: tuple[Value, ...]
    unknown: tuple[int, ...] = ()
    if kind == FieldKind.INTEGER:
        low, high = table.number("from"), table.number("to")
        values = tuple(range(low, high + 1))
        if not values:
            table.wrong('"from" is above "to"')
        if table.has("unknown_to"):
            unknown = tuple(range(low, table.number("unknown_to") + 1))
            if not set(unknown) <= set(values):
                table.wrong('"unknown_to" is above "to"')
    else:
        values = table.words("values")
    member_of = table.string("member_of") if table.has("member_of") else None
    if member_of is not None and kind != FieldKind.ONE:
        table.wrong('"member_of" is for fields of kind "one"')
    table.done()
    safe = FieldKind(kind) if kind in tuple(FieldKind) else FieldKind.ONE
    return Field(name, safe, values, unknown, member_of)
