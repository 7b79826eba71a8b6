"""Functions of PostgreSQL that erase what no role may: an invented report, content and lines of
the trail that have had their time. Each asks once more whether it may.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_ERASE_CANARY = "public.erase_canary(uuid)"
"""Erases an invented report, and never another. Its owner's rights, for the jobs' role alone."""
_ERASING = """CREATE OR REPLACE FUNCTION public.erase_canary(this uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM public.referral WHERE report_id = this FOR UPDATE;
    IF NOT EXISTS (SELECT FROM public.canary WHERE report_id = this)
        OR NOT EXISTS (SELECT FROM public.referral WHERE report_id = this)
        OR EXISTS (SELECT FROM public.referral WHERE report_id = this AND state <> 'canary')
    THEN
        RETURN false;
    END IF;
    DELETE FROM public.chase WHERE deadline_id IN (
        SELECT d.id FROM public.deadline d JOIN public.referral r ON r.id = d.referral_id
        WHERE r.report_id = this);
    DELETE FROM public.deadline WHERE referral_id IN (
        SELECT id FROM public.referral WHERE report_id = this);
    DELETE FROM public.wrap WHERE referral_id IN (
        SELECT id FROM public.referral WHERE report_id = this);
    DELETE FROM public.referral WHERE report_id = this;
    DELETE FROM public.decision WHERE report_id = this;
    DELETE FROM public.receipt WHERE report_id = this;
    DELETE FROM public.section WHERE report_id = this;
    DELETE FROM public.report WHERE id = this;
    RETURN true;
END $$"""


OF_REQUESTS = ("sealed_asked", "sealed_own", "sealed_given", "sealed_answer", "sealed_keys")
_EXPIRE_TRAIL = "public.expire_trail(timestamp with time zone, integer)"
"""Erases lines that have had their twelve years by the server's own clock, and never another. Its
owner's rights, for the jobs' role alone.
"""
_EXPIRING = """CREATE OR REPLACE FUNCTION
    public.expire_trail(before timestamp with time zone, up_to integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM public.trail t
    WHERE t.at < least(before, now() - interval '12 years') AND EXISTS (
        SELECT FROM public.trail_number n WHERE n.line_id = t.id AND n.number <= up_to);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$"""

_DELETE_CONTENT = "public.delete_content(uuid, timestamptz, text)"
"""Deletes what is sealed of a report that every agency is done with and no hold keeps, and lists it
for restores. Its owner's rights, for the jobs' role alone: that role may erase nothing of a report.
"""
_LIST_ROWS = "INSERT INTO public.deletion (id, of_table, of_row, of_column, value, at)"
_THEIRS = "SELECT id FROM public.referral WHERE report_id = this"
_ERASED = (
    ("wrap", "id", f"referral_id IN ({_THEIRS})"),
    ("section", "report_id, slot", "report_id = this"),
    ("note", "id", f"referral_id IN ({_THEIRS})"),
    ("notice", "report_id", "report_id = this"),
    ("same_child", "referral_id, child, kind", f"referral_id IN ({_THEIRS})"),
)
_BLANKED = (
    ("referral", "sealed_reasons", "''", "report_id = this", "id"),
    ("move", "sealed_reason", "NULL", f"referral_id IN ({_THEIRS})", "id"),
    ("decision", "sealed_facts", "''", "report_id = this", "report_id"),
    ("content_hold", "sealed_reason", "NULL", "report_id = this", "id"),
    ("recusal", "sealed_reason", "NULL", "report_id = this", "id"),
    *(
        ("section_request", column, "NULL", f"asker_id IN ({_THEIRS})", "id")
        for column in OF_REQUESTS
    ),
)


def _erasing_of_content() -> Iterator[str]:
    """The statements of the function. Names are our own, and there is nothing of anybody's."""
    for table, key, where in _ERASED:
        named = ", ".join(f"gone.{name.strip()}" for name in key.split(","))
        yield (  # noqa: S608, UP032 # our own names; of an f-string bandit looks at each piece
            "WITH gone AS (DELETE FROM public.{table} WHERE {where} RETURNING {key}) "  # nosec B608 # as above
            "{listing} SELECT gen_random_uuid(), '{table}', json_build_array({named}), "
            "NULL, NULL, since FROM gone"
        ).format(table=table, where=where, key=key, listing=_LIST_ROWS, named=named)
    for table, column, nothing, where, key in _BLANKED:
        yield (  # noqa: S608 # as above
            "WITH gone AS (UPDATE public.{table} SET {column} = {nothing} "  # nosec B608 # as above
            "WHERE {where} AND {column} IS DISTINCT FROM {nothing} RETURNING {key}) "
            "{listing} SELECT gen_random_uuid(), '{table}', "
            "json_build_array(gone.{key}::text), '{column}', {nothing}, since FROM gone"
        ).format(
            **{"table": table, "column": column, "nothing": nothing, "where": where, "key": key},
            listing=_LIST_ROWS,
        )


def _deleting_content() -> str:
    listed_and_gone = (_LIST_ROWS, "; ".join(_erasing_of_content()))
    return """CREATE OR REPLACE FUNCTION public.delete_content(
    this uuid, since timestamptz, instant text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM public.referral WHERE report_id = this ORDER BY id FOR UPDATE;
    IF EXISTS (SELECT FROM public.referral r WHERE r.report_id = this AND (
            r.state IN ('sent', 'canary') OR r.state = 'accepted' AND NOT EXISTS (
                SELECT FROM public.move m WHERE m.referral_id = r.id AND m.move = 'hand_in')))
        OR EXISTS (SELECT FROM public.content_hold h WHERE h.report_id = this
            AND h.released_at IS NULL
            AND (h.last_day IS NULL OR h.last_day >= (since AT TIME ZONE 'UTC')::date))
    THEN
        RETURN false;
    END IF;
    UPDATE public.report SET content_deleted_at = since
        WHERE id = this AND content_deleted_at IS NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    {} VALUES (gen_random_uuid(), 'report', json_build_array(this::text),
        'content_deleted_at', instant, since);
    {};
    UPDATE public.receipt SET sealed_copy = NULL WHERE report_id = this;
    RETURN true;
END $$""".format(*listed_and_gone)  # noqa: S608 # nosec B608 # as above


def statements(roles: Iterable[str], caller: str) -> Iterator[str]:
    """Make the functions, and let ``caller`` alone of these roles call them."""
    yield _ERASING
    yield _EXPIRING
    yield _deleting_content()
    for function in (_ERASE_CANARY, _EXPIRE_TRAIL, _DELETE_CONTENT):
        yield f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"
        for role in sorted(roles):
            yield f"REVOKE ALL ON FUNCTION {function} FROM {role}"
            if role == caller:
                yield f"GRANT EXECUTE ON FUNCTION {function} TO {role}"
