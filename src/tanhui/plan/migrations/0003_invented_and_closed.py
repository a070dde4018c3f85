"""Invented rows and empty figures are found at once however many others there are; a closed progress review is frozen."""

from django.db import migrations, models

CLOSED = """
CREATE FUNCTION plan_progress_review_frozen() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF OLD.closed_at IS NOT NULL THEN
    RAISE EXCEPTION 'plan_progress_review 已结束，不可改动' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $body$;
CREATE TRIGGER plan_progress_review_frozen BEFORE UPDATE OR DELETE ON plan_progress_review
  FOR EACH ROW EXECUTE FUNCTION plan_progress_review_frozen();
"""

CLOSED_UNDONE = """
DROP TRIGGER plan_progress_review_frozen ON plan_progress_review;
DROP FUNCTION plan_progress_review_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [("plan", "0002_guards")]

    operations = [
        migrations.AddIndex(
            model_name="record",
            index=models.Index(
                condition=models.Q(("sample", True)), fields=["register", "state"], name="plan_record_invented"
            ),
        ),
        migrations.AddIndex(
            model_name="figure",
            index=models.Index(
                condition=models.Q(("rows", 0)), fields=["indicator", "-id"], name="plan_figure_empty"
            ),
        ),
        migrations.RunSQL(CLOSED, CLOSED_UNDONE),
    ]
