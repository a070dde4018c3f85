"""The set-based statements of settlement. One chunk is one transaction over temporary tables.

`settle_scope` the person-days to reconcile, `settle_event` their behaviors, `settle_excluded` those that a rule
set aside, `settle_result` what the methods say, `settle_change` what the books do not say yet.
"""

TABLES = ("settle_scope", "settle_event", "settle_excluded", "settle_result", "settle_change")

TAKE_MARKS = """
CREATE TEMP TABLE settle_scope ON COMMIT DROP AS
WITH taken AS (
    DELETE FROM scenarios_day_mark
    WHERE day >= %(first_day)s AND day <= %(last_day)s AND party_id %% %(shares)s = %(share)s
    RETURNING party_id, day
)
SELECT party_id, day FROM taken GROUP BY party_id, day
"""

DROP_TABLES = "DROP TABLE IF EXISTS " + ", ".join(TABLES)

DAYS_WAITING = """
SELECT day, count(*) FROM scenarios_day_mark GROUP BY day ORDER BY day
"""

_SELECT_EVENTS = """
SELECT b.id AS event_id, b.party_id AS person, b.day,
    extract(epoch FROM b.happened_at)::bigint AS at,
    coalesce(extract(epoch FROM b.ended_at)::bigint, extract(epoch FROM b.happened_at)::bigint
        + CASE WHEN jsonb_typeof(b.details->'duration_s') = 'number' THEN (b.details->>'duration_s')::bigint END
    ) AS ended,
    (o.code || ':' || b.external_id) COLLATE "C" AS tie, b.scenario_id, b.grade,
    b.distance_m, b.mass_g, b.energy_wh, b.item_count, b.details
FROM {scope} s
JOIN scenarios_behavior b ON b.party_id = s.party_id AND b.day = s.day{within}
JOIN scenarios_source o ON o.id = b.source_id
"""

# The days are said twice so that only their part of the table is read, however long the table has grown.
EVENTS = "CREATE TEMP TABLE settle_event ON COMMIT DROP AS" + _SELECT_EVENTS.format(
    scope="settle_scope", within="\n    AND b.day >= %(first_day)s AND b.day <= %(last_day)s"
)

# A cap by month or year makes all of a person's acts in that period one question: their days come in as a whole,
# because rules of plausibility look at whole days.
WIDEN = """
WITH periods AS (
    SELECT DISTINCT person, date_trunc(%(unit)s, day)::date AS first_day
    FROM settle_event WHERE scenario_id = ANY(%(scenarios)s)
), further AS (
    INSERT INTO settle_scope (party_id, day)
    SELECT DISTINCT b.party_id, b.day
    FROM periods p JOIN scenarios_behavior b ON b.party_id = p.person
        AND b.day >= p.first_day AND b.day < (p.first_day + %(span)s::interval)::date
    WHERE b.scenario_id = ANY(%(scenarios)s)
        AND NOT EXISTS (SELECT 1 FROM settle_scope k WHERE k.party_id = b.party_id AND k.day = b.day)
    RETURNING party_id, day
)
INSERT INTO settle_event
""" + _SELECT_EVENTS.format(scope="further", within="")

EXCLUDED = """
CREATE TEMP TABLE settle_excluded (event_id bigint NOT NULL, reason text NOT NULL) ON COMMIT DROP
"""

EXCLUDE_SUPERSEDED = """
INSERT INTO settle_excluded
SELECT e.event_id, 'superseded'
FROM scenarios_supersession x JOIN settle_event e ON e.event_id = x.behavior_id
"""

# The latest ruling decides; an officer's "does not count" sets aside, "counts" lifts every rule (see WAIVED).
EXCLUDE_RULED_OUT = """
INSERT INTO settle_excluded
SELECT r.behavior_id, 'ruled_out'
FROM (
    SELECT DISTINCT ON (behavior_id) behavior_id, counts FROM scenarios_ruling ORDER BY behavior_id, id DESC
) r
JOIN settle_event e ON e.event_id = r.behavior_id
WHERE NOT r.counts AND NOT EXISTS (SELECT 1 FROM settle_excluded x WHERE x.event_id = r.behavior_id)
"""

WAIVED = """
(SELECT behavior_id FROM (
    SELECT DISTINCT ON (behavior_id) behavior_id, counts FROM scenarios_ruling ORDER BY behavior_id, id DESC
) latest WHERE counts)
"""

EXCLUDE_ROW = """
INSERT INTO settle_excluded
WITH events AS ({inputs})
SELECT checked.event_id, 'implausible:' || checked.reason
FROM ({checked}) AS checked
WHERE checked.reason IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM settle_excluded x WHERE x.event_id = checked.event_id)
    AND checked.event_id NOT IN {waived}
"""

EXCLUDE_OVERLAP = """
INSERT INTO settle_excluded
SELECT o.event_id, 'implausible:overlap'
FROM (
    SELECT e.event_id, e.at,
        max(e.ended) OVER (
            PARTITION BY e.person, {period} ORDER BY e.at, e.tie
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS busy_until
    FROM settle_event e
    LEFT JOIN settle_excluded x ON x.event_id = e.event_id
    WHERE e.scenario_id = ANY(%(scenarios)s) AND x.event_id IS NULL
) o
WHERE o.busy_until > o.at AND o.event_id NOT IN {waived}
"""

# Counting is cheaper than sorting: only the person-days with too many acts are put in order.
EXCLUDE_DAILY_COUNT = """
INSERT INTO settle_excluded
WITH present AS (
    SELECT e.event_id, e.person, e.day, e.at, e.tie
    FROM settle_event e LEFT JOIN settle_excluded x ON x.event_id = e.event_id
    WHERE e.scenario_id = %(scenario)s AND x.event_id IS NULL
), crowded AS (
    SELECT person, day FROM present GROUP BY person, day HAVING count(*) > %(max_per_day)s
)
SELECT o.event_id, 'implausible:too_many'
FROM (
    SELECT event_id, row_number() OVER (PARTITION BY person, day ORDER BY at, tie) AS place
    FROM present JOIN crowded USING (person, day)
) o
WHERE o.place > %(max_per_day)s AND o.event_id NOT IN {waived}
"""

RESULT = """
CREATE TEMP TABLE settle_result (
    event_id bigint NOT NULL, method_id bigint, grade smallint NOT NULL, outcome text NOT NULL,
    reduction_g bigint NOT NULL, points bigint NOT NULL
) ON COMMIT DROP
"""

APPLY_METHOD = """
INSERT INTO settle_result (event_id, method_id, grade, outcome, reduction_g, points)
WITH events AS ({inputs})
SELECT event_id, %(method)s, grade, outcome, reduction_g, points FROM ({compiled}) AS answer
"""

# A superseded act has no inputs worth asking for, and a day without a method in force counts nothing.
APPLY_NOTHING = """
INSERT INTO settle_result (event_id, method_id, grade, outcome, reduction_g, points)
SELECT e.event_id, NULL, e.grade, 'excluded:no_method', 0, 0
FROM settle_event e LEFT JOIN settle_result r USING (event_id)
WHERE r.event_id IS NULL
"""

# A behavior newer than every line cannot have one: the look-up is for the older ones only.
CHANGE = """
CREATE TEMP TABLE settle_change ON COMMIT DROP AS
SELECT r.event_id, e.person, e.day, e.at, e.scenario_id, r.method_id, r.grade, r.outcome, r.reduction_g, r.points,
    o.grade AS old_grade, coalesce(o.reduction_g, 0) AS old_g, coalesce(o.points, 0) AS old_points,
    coalesce(o.outcome IN ('counted', 'capped'), false) AS old_counted
FROM settle_result r
JOIN settle_event e USING (event_id)
LEFT JOIN (
    SELECT DISTINCT ON (l.behavior_id) l.behavior_id, l.method_id, l.grade, l.outcome, l.reduction_g, l.points
    FROM settle_event k JOIN scenarios_settlement_line l ON l.behavior_id = k.event_id
    WHERE k.event_id <= %(newest_settled)s
    ORDER BY l.behavior_id, l.run_id DESC
) o ON o.behavior_id = r.event_id
WHERE o.behavior_id IS NULL
    OR (o.method_id, o.grade, o.outcome, o.reduction_g, o.points)
        IS DISTINCT FROM (r.method_id, r.grade::smallint, r.outcome, r.reduction_g, r.points)
"""

LINES = """
INSERT INTO scenarios_settlement_line
    (behavior_id, run_id, method_id, grade, outcome, reduction_g, points, change_g, change_points)
SELECT event_id, %(run)s, method_id, grade, outcome, reduction_g, points, reduction_g - old_g, points - old_points
FROM settle_change ORDER BY event_id
"""

STAGE_CARBON = """
INSERT INTO ledger_staging
    (transfer_key, kind, happened_at, book, debit_party, debit_code, credit_party, credit_code, amount, memo)
SELECT 'settle:' || %(run)s || ':' || person || ':' || day, 'settlement', to_timestamp(at), 'carbon',
    CASE WHEN amount > 0 THEN NULL ELSE person END,
    CASE WHEN amount > 0 THEN avoided ELSE graded END,
    CASE WHEN amount > 0 THEN person END,
    CASE WHEN amount > 0 THEN graded ELSE avoided END,
    abs(amount), title
FROM (
    SELECT m.person, m.day, 'avoided:' || s.code AS avoided, s.title,
        'grade:' || (ARRAY['A','B','C','D'])[m.grade] AS graded,
        sum(m.amount)::bigint AS amount, max(m.at) AS at
    FROM (
        SELECT person, day, scenario_id, grade, reduction_g - CASE WHEN old_grade = grade THEN old_g ELSE 0 END
            AS amount, at
        FROM settle_change
        UNION ALL
        SELECT person, day, scenario_id, old_grade, -old_g, at
        FROM settle_change WHERE old_grade <> grade AND old_g <> 0
    ) m JOIN scenarios_scenario s ON s.id = m.scenario_id
    GROUP BY m.person, m.day, s.code, s.title, m.grade
    HAVING sum(m.amount) <> 0
) moved
"""

STAGE_POINTS = """
INSERT INTO ledger_staging
    (transfer_key, kind, happened_at, book, debit_party, debit_code, credit_party, credit_code, amount, memo)
SELECT 'settle:' || %(run)s || ':' || person || ':' || day, 'settlement', to_timestamp(at), 'points',
    NULL, 'programme', person, 'expires:' || (extract(year FROM day)::int + %(expires_after_years)s), amount, '行为积分'
FROM (
    SELECT person, day, sum(points - old_points)::bigint AS amount, max(at) AS at
    FROM settle_change GROUP BY person, day HAVING sum(points - old_points) > 0
) moved
"""

POINTS_TAKEN_BACK = """
SELECT person, day, 'expires:' || (extract(year FROM day)::int + %(expires_after_years)s),
    -sum(points - old_points)::bigint, to_timestamp(max(at))
FROM settle_change
JOIN (SELECT DISTINCT person, day FROM settle_change WHERE points < old_points) fell USING (person, day)
GROUP BY person, day HAVING sum(points - old_points) < 0
ORDER BY person, day
"""

DAY_FIGURES = """
INSERT INTO scenarios_day_figure (run_id, day, scenario_id, change_behaviors, change_g, change_points)
SELECT %(run)s, day, scenario_id,
    sum((outcome IN ('counted', 'capped'))::int - old_counted::int), sum(reduction_g - old_g), sum(points - old_points)
FROM settle_change GROUP BY day, scenario_id
"""

TOTALS = """
SELECT (SELECT count(*) FROM settle_scope), (SELECT count(*) FROM settle_event), count(*),
    coalesce(sum(reduction_g - old_g), 0)::bigint, coalesce(sum(points - old_points), 0)::bigint
FROM settle_change
"""
