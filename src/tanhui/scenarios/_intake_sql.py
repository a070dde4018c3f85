"""The statements of intake. All are set-based: one pass for five hundred rows or five million.

Rows of a delivery look their person and their likes up one by one through an index (sub-selects, lateral joins with a
limit): the tables are large and the planner knows nothing of a temporary table, so it is not left the choice to
compare every row with every other.
"""

from __future__ import annotations

STAGING = """
CREATE TEMP TABLE IF NOT EXISTS scenarios_intake (
  seq integer, row_number integer, external_id text, revision smallint, scenario_id bigint,
  party_id bigint, subject_key bytea, happened_at timestamptz, ended_at timestamptz, grade smallint,
  distance_m bigint, mass_g bigint, energy_wh bigint, item_count bigint, details jsonb, content_digest bytea,
  again boolean NOT NULL DEFAULT false
) ON COMMIT DELETE ROWS;
CREATE TEMP TABLE IF NOT EXISTS scenarios_intake_person (
  subject_key bytea PRIMARY KEY, party_id bigint
) ON COMMIT DELETE ROWS;
DELETE FROM scenarios_intake;
DELETE FROM scenarios_intake_person;
"""

COPY_ROWS = (
    "COPY scenarios_intake (seq, row_number, external_id, revision, scenario_id, party_id, subject_key,"
    " happened_at, ended_at, grade, distance_m, mass_g, energy_wh, item_count, details, content_digest) FROM STDIN"
)
COPY_PERSONS = "COPY scenarios_intake_person (subject_key, party_id) FROM STDIN"

# Of two rows with one identity in a delivery the first counts; the later is a duplicate or a conflict.
MARK_AGAIN = """
UPDATE scenarios_intake s SET again = true
FROM (SELECT external_id, revision, min(seq) AS first FROM scenarios_intake
      GROUP BY external_id, revision HAVING count(*) > 1) several
WHERE s.external_id = several.external_id AND s.revision = several.revision AND s.seq > several.first
"""

# Deliveries of one source may run beside each other, except those that correct, withdraw or claim: these must see
# everything that came before, and everything that comes after must see them.
LOCK_SHARED = "SELECT pg_advisory_xact_lock_shared(2053665390, %s)"
LOCK_ALONE = "SELECT pg_advisory_xact_lock(2053665390, %s)"

# The order of insertion is the same in every transaction, so that two deliveries of the same rows cannot deadlock.
TAKE = """
WITH taken AS (
  INSERT INTO scenarios_behavior (
    source_id, external_id, revision, scenario_id, party_id, day, happened_at, ended_at, grade,
    distance_m, mass_g, energy_wh, item_count, details, content_digest, delivery_id, recorded_at)
  SELECT %(source)s, s.external_id, s.revision, s.scenario_id, s.resident_id,
         (s.happened_at AT TIME ZONE %(zone)s)::date, s.happened_at, s.ended_at, s.grade,
         s.distance_m, s.mass_g, s.energy_wh, s.item_count, s.details, s.content_digest, %(delivery)s, %(at)s
  FROM (SELECT *, coalesce(party_id, (SELECT p.party_id FROM scenarios_intake_person p
                                      WHERE p.subject_key = i.subject_key)) AS resident_id
        FROM scenarios_intake i OFFSET 0) s
  WHERE NOT s.again AND s.resident_id IS NOT NULL
    AND (
      SELECT w.id FROM scenarios_waiting_evidence w
      WHERE w.source_id = %(source)s AND w.external_id = s.external_id AND w.revision = s.revision) IS NULL
  ORDER BY s.external_id, s.revision
  ON CONFLICT DO NOTHING
  RETURNING party_id, day
), marked AS (
  INSERT INTO scenarios_day_mark (party_id, day) SELECT DISTINCT party_id, day FROM taken
)
SELECT count(*) FROM taken
"""

LET_WAIT = """
INSERT INTO scenarios_waiting_evidence
  (source_id, subject_key, external_id, revision, evidence, content_digest, delivery_id, recorded_at, drop_after)
SELECT %(source)s, s.subject_key, s.external_id, s.revision,
       jsonb_strip_nulls(jsonb_build_object(
         'scenario_id', s.scenario_id, 'happened_at', s.happened_at, 'ended_at', s.ended_at, 'grade', s.grade,
         'distance_m', s.distance_m, 'mass_g', s.mass_g, 'energy_wh', s.energy_wh, 'item_count', s.item_count,
         'details', s.details)),
       s.content_digest, %(delivery)s, %(at)s, %(drop_after)s
FROM scenarios_intake s
WHERE NOT s.again AND s.party_id IS NULL
  AND NOT EXISTS (SELECT FROM scenarios_intake_person p WHERE p.subject_key = s.subject_key)
  AND (
    SELECT b.id FROM scenarios_behavior b
    WHERE b.source_id = %(source)s AND b.external_id = s.external_id AND b.revision = s.revision) IS NULL
ORDER BY s.external_id, s.revision
ON CONFLICT DO NOTHING
"""

HAS_CORRECTIONS = "SELECT EXISTS (SELECT FROM scenarios_behavior WHERE source_id = %s AND revision > 1)"

_SUPERSEDE = """
WITH corrected AS (
  SELECT b.id, b.party_id, b.day, newest.id AS replaced_by_id
  FROM ({touched}) t
  JOIN LATERAL (
    SELECT n.id, n.revision FROM scenarios_behavior n
    WHERE n.source_id = %(source)s AND n.external_id = t.external_id AND n.revision > 1
    ORDER BY n.revision DESC LIMIT 1) newest ON true
  JOIN scenarios_behavior b
    ON b.source_id = %(source)s AND b.external_id = t.external_id AND b.revision < newest.revision
), superseded AS (
  INSERT INTO scenarios_supersession (behavior_id, replaced_by_id, reason, recorded_at)
  SELECT id, replaced_by_id, '接入方更正', %(at)s FROM corrected
  ON CONFLICT DO NOTHING RETURNING behavior_id
)
INSERT INTO scenarios_day_mark (party_id, day)
SELECT DISTINCT c.party_id, c.day FROM corrected c JOIN superseded s ON s.behavior_id = c.id
"""
SUPERSEDE_DELIVERED = _SUPERSEDE.format(touched="SELECT DISTINCT external_id FROM scenarios_intake")
SUPERSEDE_NAMED = _SUPERSEDE.format(touched="SELECT DISTINCT unnest(%(external_ids)s::text[]) AS external_id")

_OUTCOME = """
WITH outcome AS (
  SELECT s.seq, s.row_number, s.external_id, s.revision, s.happened_at, s.ended_at, s.distance_m, s.mass_g,
         s.energy_wh, s.item_count, s.details,
    CASE
      WHEN NOT s.again AND b.delivery_id = %(delivery)s THEN 'accepted'
      WHEN NOT s.again AND w.delivery_id = %(delivery)s THEN 'waiting'
      WHEN coalesce(b.content_digest, w.content_digest) = s.content_digest THEN 'duplicate'
      ELSE 'conflict'
    END AS outcome
  FROM scenarios_intake s
  LEFT JOIN LATERAL (
    SELECT delivery_id, content_digest FROM scenarios_behavior
    WHERE source_id = %(source)s AND external_id = s.external_id AND revision = s.revision LIMIT 1) b ON true
  LEFT JOIN LATERAL (
    SELECT delivery_id, content_digest FROM scenarios_waiting_evidence
    WHERE source_id = %(source)s AND external_id = s.external_id AND revision = s.revision LIMIT 1) w ON true
)
"""
OUTCOMES = _OUTCOME + "SELECT outcome, count(*) FROM outcome GROUP BY outcome"
CONFLICTS = (
    _OUTCOME
    + "SELECT row_number, external_id, revision, (to_jsonb(o) - 'outcome' - 'seq')::text"
    + " FROM outcome o WHERE outcome = 'conflict' ORDER BY seq"
)

CLAIM = """
WITH claimed AS (
  DELETE FROM scenarios_waiting_evidence w USING scenarios_intake_person p
  WHERE w.source_id = %(source)s AND w.subject_key = p.subject_key AND w.withdrawn_at IS NULL
  RETURNING w.external_id, w.revision, w.evidence AS e, w.content_digest, w.delivery_id, p.party_id
), taken AS (
  INSERT INTO scenarios_behavior (
    source_id, external_id, revision, scenario_id, party_id, day, happened_at, ended_at, grade,
    distance_m, mass_g, energy_wh, item_count, details, content_digest, delivery_id, recorded_at)
  SELECT %(source)s, external_id, revision, (e->>'scenario_id')::bigint, party_id,
         ((e->>'happened_at')::timestamptz AT TIME ZONE %(zone)s)::date,
         (e->>'happened_at')::timestamptz, (e->>'ended_at')::timestamptz, (e->>'grade')::smallint,
         (e->>'distance_m')::bigint, (e->>'mass_g')::bigint, (e->>'energy_wh')::bigint,
         (e->>'item_count')::bigint, e->'details', content_digest, delivery_id, %(at)s
  FROM claimed ORDER BY external_id, revision
  ON CONFLICT DO NOTHING
  RETURNING external_id, party_id, day
), marked AS (
  INSERT INTO scenarios_day_mark (party_id, day) SELECT DISTINCT party_id, day FROM taken
)
SELECT external_id FROM taken
"""

WITHDRAW = """
WITH named AS (
  SELECT DISTINCT unnest(%(external_ids)s::text[]) AS external_id
), current AS (
  SELECT b.id, b.external_id, b.party_id, b.day FROM named n
  JOIN scenarios_behavior b ON b.source_id = %(source)s AND b.external_id = n.external_id
), superseded AS (
  INSERT INTO scenarios_supersession (behavior_id, replaced_by_id, reason, recorded_at)
  SELECT id, NULL, %(reason)s, %(at)s FROM current
  ON CONFLICT DO NOTHING RETURNING behavior_id
), marked AS (
  INSERT INTO scenarios_day_mark (party_id, day)
  SELECT DISTINCT c.party_id, c.day FROM current c JOIN superseded s ON s.behavior_id = c.id
), waiting AS (
  UPDATE scenarios_waiting_evidence w SET withdrawn_at = %(at)s FROM named n
  WHERE w.source_id = %(source)s AND w.external_id = n.external_id AND w.withdrawn_at IS NULL
  RETURNING w.external_id
)
SELECT
  (SELECT array_agg(DISTINCT c.external_id) FROM current c JOIN superseded s ON s.behavior_id = c.id),
  (SELECT array_agg(DISTINCT external_id) FROM waiting),
  (SELECT array_agg(external_id) FROM named n
   WHERE NOT EXISTS (SELECT FROM current c WHERE c.external_id = n.external_id)
     AND NOT EXISTS (SELECT FROM scenarios_waiting_evidence w
                     WHERE w.source_id = %(source)s AND w.external_id = n.external_id)),
  (SELECT count(*) FROM named)
"""
