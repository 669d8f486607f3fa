/* SPDX-License-Identifier: PostgreSQL */
/* What the chaos run notes by itself, beside the service's own tables. Its rows commit with what they tell of. */
CREATE SCHEMA chaos;

/* When a job was to run, from that moment on: one row for each change. */
CREATE TABLE chaos.history (
    id bigserial PRIMARY KEY,
    job int4 NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    what text NOT NULL,
    times jsonb NOT NULL
);

/* What people asked for: wish (a run; request is its number), cancel (which takes wishes back), cancel-run (request is the
 * run). */
CREATE TABLE chaos.asked (
    id bigserial PRIMARY KEY,
    job int4 NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    kind text NOT NULL,
    request int8
);

/* Ends of runs by the server's clock, and whatever is written to a row of the log that was closed already. */
CREATE TABLE chaos.closed (
    id bigserial PRIMARY KEY,
    relation text NOT NULL,
    row_id int8 NOT NULL,
    old_status text NOT NULL,
    new_status text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    backend int4 NOT NULL DEFAULT pg_backend_pid(),
    old_row jsonb NOT NULL,
    new_row jsonb NOT NULL
);

CREATE FUNCTION chaos.note_closed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    old_row jsonb := to_jsonb(OLD);
    new_row jsonb := to_jsonb(NEW);
    prefix text := TG_ARGV[0];
BEGIN
    INSERT INTO chaos.closed (relation, row_id, old_status, new_status, old_row, new_row)
    VALUES (TG_TABLE_NAME, (old_row ->> (prefix || 'id'))::int8, old_row ->> (prefix || 'status'),
            new_row ->> (prefix || 'status'), old_row, new_row);
    RETURN NULL;
END;
$$;

CREATE TRIGGER chaos_closed AFTER UPDATE ON pgagent.pga_joblog FOR EACH ROW
WHEN (OLD.jlgstatus <> 'r' OR NEW.jlgstatus <> 'r') EXECUTE PROCEDURE chaos.note_closed('jlg');
CREATE TRIGGER chaos_closed AFTER UPDATE ON pgagent.pga_jobsteplog FOR EACH ROW
WHEN (OLD.jslstatus <> 'r') EXECUTE PROCEDURE chaos.note_closed('jsl');
