"""Who printed a card does not by himself count what is entered with it."""

from django.db import migrations

ANOTHER = """
CREATE FUNCTION community_printed_by_another() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
  IF EXISTS (SELECT FROM community_card c WHERE c.id = NEW.card_id AND c.issued_by_id = NEW.by_user_id) THEN
    RAISE EXCEPTION '用本人打印的卡登记，须由第二人确认' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $body$;
CREATE TRIGGER community_printed_by_another BEFORE INSERT OR UPDATE OF state ON community_check_in
  FOR EACH ROW WHEN (NEW.state = 'counted' AND NEW.card_id IS NOT NULL AND NEW.confirmed_by_id IS NULL)
  EXECUTE FUNCTION community_printed_by_another();
"""

ANOTHER_UNDONE = """
DROP TRIGGER community_printed_by_another ON community_check_in;
DROP FUNCTION community_printed_by_another();
"""


class Migration(migrations.Migration):
    dependencies = [("community", "0002_guards")]

    operations = [migrations.RunSQL(ANOTHER, ANOTHER_UNDONE)]
