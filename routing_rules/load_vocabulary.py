"""Reading the vocabulary: the fields, the outputs and how rules agree on them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from routing_rules.problem import mark
from routing_rules.reading import Table
from routing_rules.vocabulary import Field, FieldKind, Output, Policy, Value, Vocabulary

USUAL = ("always", "unless stated")


def read_vocabulary(top: Table) -> Vocabulary:
    """Read a vocabulary; what is wrong is added to the table's problems."""
    fields_table, outputs_table = top.table("fields"), top.table("outputs")
    fields = {name: _field(fields_table.table(name), name) for name in fields_table.keys()}  # noqa: SIM118
    _check_members(top, fields)
    outputs: dict[str, Output] = {}
    raw = {name: outputs_table.table(name) for name in outputs_table.keys()}  # noqa: SIM118
    for name, table in raw.items():
        outputs[name] = _output(table, name, raw, fields)
    for name, table in raw.items():
        _check_output(table, outputs[name], outputs)
    names: dict[str, tuple[str, ...]] = {}
    if top.has("names"):
        lists = top.table("names")
        names = {key: lists.words(key) for key in lists.keys()}  # noqa: SIM118
    vocabulary = Vocabulary(
        fields=MappingProxyType(fields),
        outputs=MappingProxyType(outputs),
        tiers=top.words("tiers"),
        names=MappingProxyType(names),
    )
    top.done()
    return vocabulary


def _field(table: Table, name: str) -> Field:
    kind = table.word("kind", tuple(FieldKind))
    values: tuple[Value, ...]
    unknown: tuple[int, ...] = ()
    if kind == FieldKind.INTEGER:
        low, high = table.number("from"), table.number("to")
        if high - low > 1000:
            table.wrong(mark('"from" and "to" are more than 1000 apart'))
            high = low
        values = tuple(range(low, high + 1))
        if not values:
            table.wrong(mark('"from" is above "to"'))
        if table.has("unknown_to"):
            last = table.number("unknown_to")
            if not low <= last <= high:
                table.wrong(mark('"unknown_to" is above "to"'))
            else:
                unknown = tuple(range(low, last + 1))
    else:
        values = table.words("values")
    member_of = table.string("member_of") if table.has("member_of") else None
    if member_of is not None and kind != FieldKind.ONE:
        table.wrong(mark('"member_of" is for fields of kind "one"'))
    table.done()
    safe = FieldKind(kind) if kind in tuple(FieldKind) else FieldKind.ONE
    return Field(name, safe, values, unknown, member_of)


def _check_members(top: Table, fields: Mapping[str, Field]) -> None:
    keys = [field for field in fields.values() if field.member_of is not None]
    if len(keys) > 1:
        top.wrong(mark('"member_of" may stand in one field only'))
    for key in keys:
        owner = fields.get(key.member_of or "")
        if owner is None or owner.kind is not FieldKind.SET or owner.values != key.values:
            strayed = mark(
                'field "%(field)s": "member_of" must name a set field of the same values'
            )
            top.wrong(strayed, field=key.name)


def _output(
    table: Table, name: str, raw: Mapping[str, Table], fields: Mapping[str, Field]
) -> Output:
    def word(key: str, known: tuple[str, ...]) -> str | None:
        return table.word(key, known) or None if table.has(key) else None

    policy = table.word("policy", tuple(Policy))
    safe = Policy(policy) if policy in tuple(Policy) else Policy.OR
    takes_from = word("takes_from", tuple(raw))
    if safe is Policy.OR:
        values: tuple[Value, ...] = (True,)
    elif takes_from is not None:
        values = raw[takes_from].words("values") if takes_from in raw else ()
    else:
        values = table.words("values")
    output = Output(
        name=name,
        policy=safe,
        values=values,
        key=word("key", tuple(fields)),
        joins=word("joins", tuple(raw)),
        per=word("per", tuple(raw)),
        beside=table.flag("beside"),
        usual=word("usual", USUAL),
        takes_from=takes_from,
        needs=word("needs", tuple(str(value) for value in values)),
        based=table.flag("based"),
        otherwise=word("otherwise", tuple(str(value) for value in values)),
    )
    table.done()
    return output


def _check_output(table: Table, output: Output, outputs: Mapping[str, Output]) -> None:
    """Say what does not go together: the engine weighs no other shapes than these."""

    def plain_union(name: str | None) -> bool:
        other = outputs.get(name or "")
        return bool(other and other.policy is Policy.UNION and not (other.per or other.takes_from))

    def need(holds: bool, what: str) -> None:
        if not holds:
            table.wrong(what)

    union = output.policy is Policy.UNION
    need(
        not output.joins or plain_union(output.joins),
        mark('"joins" must name a plain union output'),
    )
    need(not output.per or plain_union(output.per), mark('"per" must name a plain union output'))
    need(not output.joins or output.decided, mark('"joins" is for outputs that are decided'))
    need(not output.key or output.decided, mark('"key" is for outputs that are decided'))
    need(not output.per or not output.decided, mark('an output that is decided has no "per"'))
    need(
        not output.beside or (union and bool(output.per)), mark('"beside" needs "per" and a union')
    )
    need(bool(output.usual) == output.beside, mark('"usual" and "beside" go together'))
    need(output.needs is None or output.beside, mark('"needs" is for outputs with "beside"'))
    need(not output.based or plain_union(output.name), mark('"based" is for plain union outputs'))
    need(not output.otherwise or output.single, mark('"otherwise" is for single outputs'))
    if output.policy is Policy.MIN and output.otherwise is not None:
        need(
            output.values[-1:] == (output.otherwise,),
            mark('"otherwise" must be the last of "values"'),
        )
    if output.takes_from:
        target = outputs.get(output.takes_from)
        fits = target is not None and target.policy is Policy.UNION and not target.takes_from
        need(union and fits, mark('"takes_from" must name a union output, and be one'))
        need(target is None or target.per == output.per, mark('"per" must be that of "takes_from"'))
