/* SPDX-License-Identifier: PostgreSQL */
/* Lines of a job's comment that begin with @, so that pgAdmin's dialog can say what pgAgent's tables cannot.
 *
 *     @rule    RULE                     a row of pga_rule (rulorigin comment; ruldesc is the line)
 *     @except  RULE [for LENGTH]        such a row that is an exception
 *     @zone    Europe/Berlin            pga_job.jobtimezone
 *     @missed  once | skip | all        pga_job.jobmissed
 *     @grace   LENGTH                   pga_job.jobgrace
 *     @busy    skip | queue | parallel | replace     pga_job.jobbusy
 *     @timeout LENGTH                   pga_job.jobtimeout
 *     @maxruns NUMBER                   pga_job.jobmaxruns
 *     @restart [on | off]               pga_job.jobrestart
 *     @keep    LENGTH                   pga_job.jobkeep
 *
 *     RULE   = [cron] CRON | [ical] ICAL | KIND [INSTANT] [KEY=VALUE ...] | every LENGTH [KEY=VALUE ...]
 *            | after LENGTH [KEY=VALUE ...] | startup | @reboot | @every LENGTH | @after LENGTH | KEY=VALUE ...
 *     KIND   = once | hourly | daily | weekly | monthly;  KEY = kind start end every hours weekdays monthdays months period
 *     ICAL   = iCalendar lines, which blanks or \n part;  CRON = five fields, six with seconds first, or a macro
 *     LENGTH = numbers with units: 90 min, 1h30m, 2 days 12:00;  INSTANT = 2026-01-31 09:00[:30][+02:00], in the job's zone
 *
 * It is what `pgalmanac next` reads, plus the kind as the first word. Words may be in any case and parted by any blanks. A
 * line is a rule's name: as long as it stays, its row stays, with its counts; a line that is there twice is one rule.
 *
 * Lines are read when the comment changes, and never otherwise: comments that were there before these tables were adopted
 * stay what they are. Functions whose subtransactions are needed to try a cast write nothing, so that those get no id. */

ALTER TABLE pgagent.pga_job
    ADD COLUMN jobmissed text NOT NULL DEFAULT 'once'
        CONSTRAINT pga_job_jobmissed_check CHECK (jobmissed IN ('once', 'skip', 'all')),
    ADD COLUMN jobgrace interval CONSTRAINT pga_job_jobgrace_check CHECK (jobgrace > interval '0'),
    ADD COLUMN jobbusy text NOT NULL DEFAULT 'skip'
        CONSTRAINT pga_job_jobbusy_check CHECK (jobbusy IN ('skip', 'queue', 'parallel', 'replace')),
    ADD COLUMN jobmaxruns int4 NOT NULL DEFAULT 1 CONSTRAINT pga_job_jobmaxruns_check CHECK (jobmaxruns > 0),
    ADD COLUMN jobrestart bool NOT NULL DEFAULT false,
    ADD COLUMN jobkeep interval CONSTRAINT pga_job_jobkeep_check
        CHECK (jobkeep > interval '0' AND jobkeep <= interval '1000 years');
COMMENT ON COLUMN pgagent.pga_job.jobmissed IS 'What becomes of slots that nobody could run: once = one run for all of them, skip = none, all = a run for each';
COMMENT ON COLUMN pgagent.pga_job.jobgrace IS 'Slots that are later than this are left out; NULL = however late';
COMMENT ON COLUMN pgagent.pga_job.jobbusy IS 'What becomes of a slot while the job still runs: skip = left out, queue = runs afterwards, parallel = runs beside, replace = stops what runs';
COMMENT ON COLUMN pgagent.pga_job.jobmaxruns IS 'parallel: how many runs there may be at once';
COMMENT ON COLUMN pgagent.pga_job.jobrestart IS 'Whether a run whose agent died is run again, unless it was the third attempt; what it did may have been committed';
COMMENT ON COLUMN pgagent.pga_job.jobkeep IS 'How long logs of the job''s runs and its skipped slots are kept; NULL = the setting retention';

/* ---- The lines ---- */

/* The whole text is gone through a fixed number of times, however long it is. Lines of more than 10,000 characters, which would
 * take long, are not put in order: they are refused. */
CREATE FUNCTION pgagent.pga_comment_lines(comment text, OUT place int8, OUT line text, OUT word text, OUT rest text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE ROWS 10 SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    blanks text := E'\t\f\x0b';
BEGIN
    IF getdatabaseencoding() = 'UTF8' THEN
        blanks := blanks || chr(160) || chr(8199) || chr(8239); /* that do not break: they come with text from the web */
    END IF;
    RETURN QUERY
        SELECT w.place, btrim(w.word || ' ' || w.rest), w.word, w.rest
        FROM (SELECT l.place, lower(split_part(l.line, ' ', 1) COLLATE "C") AS word,
                     substr(l.line, strpos(l.line || ' ', ' ') + 1) AS rest
              FROM (SELECT r.place, CASE WHEN length(r.raw) > 10000 THEN left(ltrim(r.raw), 10001)
                                         ELSE btrim(regexp_replace(r.raw, ' +', ' ', 'g')) END AS line
                    FROM unnest(string_to_array(translate(comment, E'\r' || blanks, E'\n' || repeat(' ', length(blanks))),
                                                E'\n')) WITH ORDINALITY r (raw, place)
                    WHERE left(ltrim(r.raw), 1) = '@') l) w
        ORDER BY w.place;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_comment_lines(text) IS 'The lines of a comment that begin with @, with single blanks; their first word, and what stands behind it';

/* ---- Words ---- */

/* PostgreSQL takes a number without a unit for seconds; people do not know which. */
CREATE FUNCTION pgagent.pga_line_length(words text) RETURNS interval
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    shape CONSTANT text := '^([0-9]+([.][0-9]+)? ?[a-z]+ ?)*([0-9]+:[0-9][0-9](:[0-9][0-9]([.][0-9]+)?)?)?$';
    length interval;
BEGIN
    IF words <> '' AND lower(words COLLATE "C") ~ shape THEN
        length := pgagent.pga_read_length(regexp_replace(words, '([A-Za-z])([0-9])', E'\\1 \\2', 'g'));
    END IF;
    RETURN CASE WHEN length > interval '0' THEN length END;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_line_length(text) IS 'A length of time longer than nothing, with units; NULL = it is none';

/* The setting of the zone reads names of zones only; operators take some of them for abbreviations. A label that exists
 * twice is its first pass, as everywhere here; one that does not is read with the offset before the gap. All are within the
 * years that rules can have, as in the program. */
CREATE FUNCTION pgagent.pga_line_instant(words text, zone text) RETURNS timestamptz
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET TimeZone = 'UTC' SET DateStyle = 'ISO' AS $$
DECLARE
    shape CONSTANT text := '^([0-9]{4}-[0-9]{2}-[0-9]{2})'
                           '[Tt ]((?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,6})?)?)'
                           ' ?([Zz]|[-+][0-9]{2}(?::[0-5][0-9](?::[0-5][0-9])?)?)?$';
    parts text[] := regexp_match(words, shape);
    label timestamp;
    instant timestamptz;
    day_before timestamptz;
    first timestamptz;
BEGIN
    IF parts IS NULL THEN
        RETURN NULL;
    ELSIF parts[3] IS NOT NULL THEN
        instant := (parts[1] || ' ' || parts[2] || parts[3])::timestamptz;
    ELSE
        label := (parts[1] || ' ' || parts[2])::timestamp;
        PERFORM set_config('TimeZone', zone, true);
        instant := label::timestamptz;
        day_before := instant - interval '24 hours';
        first := timezone('UTC', label - (day_before::timestamp - timezone('UTC', day_before)));
        IF first::timestamp = label OR instant::timestamp <> label THEN
            instant := first;
        END IF;
    END IF;
    RETURN greatest(timestamptz '0001-01-03 00:00+00', least(timestamptz '9999-12-30 23:59:59+00', instant));
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_line_instant(text, text) IS 'A date and time, in a zone unless it has an offset; NULL = it is none';

/* A number, or the place of a name or of its first three letters; NULL = it is neither, or out of bounds. */
CREATE FUNCTION pgagent.pga_line_number(word text, names text[], low int4, high int4) RETURNS int4
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    number int4;
BEGIN
    IF word ~ '[0-9]' THEN
        number := word::int4;
    ELSE
        SELECT low + n.place - 1 INTO number
        FROM unnest(names) WITH ORDINALITY n (name, place) WHERE word IN (n.name, left(n.name, 3));
    END IF;
    RETURN CASE WHEN number BETWEEN low AND high THEN number END;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_line_number(text, text[], int4, int4) IS 'A number within bounds, or the one that a name stands for; NULL = neither';

/* Ranges may wrap around, as in cron text. */
CREATE FUNCTION pgagent.pga_line_numbers(words text, names text[], low int4, high int4, may_be_back bool) RETURNS int2[]
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    part text;
    ends text[];
    number int4;
    last int4;
    numbers int2[] := '{}';
BEGIN
    FOREACH part IN ARRAY string_to_array(lower(words COLLATE "C"), ',') LOOP
        IF may_be_back AND part ~ '^-[0-9]{1,3}$' THEN
            number := -pgagent.pga_line_number(substr(part, 2), names, low, high);
            last := number;
        ELSE
            ends := regexp_match(part, '^([0-9]{1,3}|[a-z]+)(?:-([0-9]{1,3}|[a-z]+))?$');
            number := pgagent.pga_line_number(ends[1], names, low, high);
            last := pgagent.pga_line_number(coalesce(ends[2], ends[1]), names, low, high);
        END IF;
        IF number IS NULL OR last IS NULL THEN
            RETURN NULL;
        END IF;
        numbers := numbers || number::int2;
        WHILE number <> last LOOP
            number := CASE WHEN number = high THEN low ELSE number + 1 END;
            numbers := numbers || number::int2;
        END LOOP;
    END LOOP;
    RETURN nullif(ARRAY(SELECT DISTINCT n FROM unnest(numbers) n ORDER BY n), '{}');
END;
$$;
COMMENT ON FUNCTION pgagent.pga_line_numbers(text, text[], int4, int4, bool) IS 'A list of numbers, names and ranges; NULL = it is none';

/* ---- Rules ---- */

/* A word key=value of a typed rule. */
CREATE FUNCTION pgagent.pga_line_key(key text, value text, zone text, INOUT rule pgagent.pga_rule, OUT mistake text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    weekdays CONSTANT text[] := ARRAY['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
    months CONSTANT text[] := ARRAY['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september',
                                    'october', 'november', 'december'];
    instant CONSTANT text := 'it is a date and time such as 2026-01-31 09:00; '
                             'seconds (:30) and an offset from UTC (+02:00, or Z) may follow';
    is_read bool;
    needed text;
BEGIN
    CASE key
    WHEN 'kind' THEN
        rule.rulkind := lower(value COLLATE "C");
        is_read := rule.rulkind IN ('once', 'hourly', 'daily', 'weekly', 'monthly', 'every', 'after', 'startup');
        needed := 'it is one of once, hourly, daily, weekly, monthly, every, after and startup '
                  '(cron and iCalendar text stands alone)';
    WHEN 'start' THEN
        rule.rulstart := pgagent.pga_line_instant(value, zone);
        is_read := rule.rulstart IS NOT NULL;
        needed := instant;
    WHEN 'end' THEN
        rule.rulend := pgagent.pga_line_instant(value, zone);
        is_read := rule.rulend IS NOT NULL;
        needed := instant;
    WHEN 'every' THEN
        is_read := value ~ '^0*[1-9][0-9]{0,8}$';
        rule.rulevery := CASE WHEN is_read THEN value::int4 END;
        needed := 'it is a number from 1 on';
    WHEN 'hours' THEN
        rule.rulhours := pgagent.pga_line_numbers(value, NULL, 0, 23, false);
        is_read := rule.rulhours IS NOT NULL;
        needed := 'allowed are hours 0 to 23, ranges such as 9-17, lists such as 9,12,15';
    WHEN 'weekdays' THEN
        rule.rulweekdays := pgagent.pga_line_numbers(value, weekdays, 0, 6, false);
        is_read := rule.rulweekdays IS NOT NULL;
        needed := 'allowed are sun to sat or 0 (Sunday) to 6, ranges such as mon-fri, lists such as mon,wed';
    WHEN 'monthdays' THEN
        rule.rulmonthdays := pgagent.pga_line_numbers(value, NULL, 1, 31, true);
        is_read := rule.rulmonthdays IS NOT NULL;
        needed := 'allowed are 1 to 31 and from the end -1 to -31, ranges such as 1-7, lists such as 1,15,-1';
    WHEN 'months' THEN
        rule.rulmonths := pgagent.pga_line_numbers(value, months, 1, 12, false);
        is_read := rule.rulmonths IS NOT NULL;
        needed := 'allowed are jan to dec or 1 to 12, ranges such as jun-aug, lists such as 1,4,7,10';
    WHEN 'period' THEN
        rule.rulperiod := pgagent.pga_line_length(value);
        is_read := rule.rulperiod IS NOT NULL;
        needed := 'it is a length of time with units, such as 90 min or 2 days 12 hours';
    WHEN 'count' THEN
        mistake := 'count= is not possible in a comment; end= is, COUNT in iCalendar text, and the column rulendcount of rules '
                   'in pga_rule';
    ELSE
        mistake := format('there is no key "%s": allowed are kind, start, end, every, hours, weekdays, monthdays, months and period',
                          left(key, 60));
    END CASE;
    IF NOT is_read THEN
        mistake := format('%s is "%s"; %s', key, left(value, 60), needed);
    END IF;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_line_key(text, text, text, pgagent.pga_rule) IS 'Puts a word key=value of a typed rule into it, or says what is wrong with it';

/* What stands before the first key is the instant at which the rule starts, or its length of time. */
CREATE FUNCTION pgagent.pga_line_typed(words text, zone text, INOUT rule pgagent.pga_rule, OUT mistake text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    read record;
    piece text;
    key text;
    keys text[] := CASE WHEN rule.rulkind IS NULL THEN '{}' ELSE ARRAY['kind'] END;
BEGIN
    FOREACH piece IN ARRAY regexp_split_to_array(words, ' (?=[A-Za-z]+=)') LOOP
        CONTINUE WHEN piece = '';
        key := lower(substring(piece FROM '^([A-Za-z]+)=') COLLATE "C");
        IF key IS NULL THEN
            key := CASE WHEN rule.rulkind IN ('every', 'after') THEN 'period' ELSE 'start' END;
        ELSE
            piece := substr(piece, length(key) + 2);
        END IF;
        IF key = ANY (keys) THEN
            mistake := format('%s is given twice', key);
        ELSE
            SELECT * INTO read FROM pgagent.pga_line_key(key, piece, zone, rule);
            rule := read.rule;
            mistake := read.mistake;
        END IF;
        EXIT WHEN mistake IS NOT NULL;
        keys := keys || key;
    END LOOP;
    IF mistake IS NULL AND rule.rulkind IS NULL THEN
        mistake := 'the kind is missing: it is one of once, hourly, daily, weekly, monthly, every, after and startup';
    ELSIF mistake IS NULL AND rule.rulkind IN ('every', 'after') AND rule.rulperiod IS NULL THEN
        mistake := format('a length of time is missing, such as %s 90 min', rule.rulkind);
    END IF;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_line_typed(text, text, pgagent.pga_rule) IS 'Reads a rule of words key=value, or says what is wrong with it';

/* Which language is it? As definition_parse of the program decides, with kinds as first words. */
CREATE FUNCTION pgagent.pga_line_words(words text, zone text, INOUT rule pgagent.pga_rule, OUT mistake text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    read record;
    first text := lower(substring(words FROM '^([A-Za-z]+)(?: |$)') COLLATE "C");
BEGIN
    IF words = '' THEN
        mistake := 'the rule is missing: 0 9 * * mon-fri is one, and weekly 2026-01-31 09:00 weekdays=mon-fri, RRULE:FREQ=DAILY, '
                   'every 90 min';
    ELSIF first IN ('once', 'hourly', 'daily', 'weekly', 'monthly', 'every', 'after', 'startup') THEN
        rule.rulkind := first;
        SELECT * INTO read FROM pgagent.pga_line_typed(substr(words, length(first) + 2), zone, rule);
        rule := read.rule;
        mistake := read.mistake;
    ELSIF first = 'ical' OR words ~* '(^|;) ?FREQ=' OR words ~* E'(^[a-z-]+|(\\\\n| )(DTSTART|RRULE|RDATE|EXDATE|EXRULE))[:;]' THEN
        rule.rulkind := 'ical';
        rule.rultext := regexp_replace(regexp_replace(words, '^ical( |$)', '', 'i'), '^(?=[A-Z]+=)', 'RRULE:', 'i');
        rule.rultext := regexp_replace(rule.rultext, E'(\\\\n| )+(?=(DTSTART|RRULE|RDATE|EXDATE|EXRULE)[:;])', E'\n', 'gi');
        mistake := pgagent.pga_ical_mistake(rule.rultext);
    ELSIF words ~ '^[A-Za-z]+=' THEN
        SELECT * INTO read FROM pgagent.pga_line_typed(words, zone, rule);
        rule := read.rule;
        mistake := read.mistake;
    ELSIF words ~ '^[A-Za-z]' AND first IS DISTINCT FROM 'cron' THEN
        mistake := format('"%s" is no kind of rule: once, hourly, daily, weekly, monthly, every, after and startup are; '
                          'cron text and iCalendar text stand without one', left(split_part(words, ' ', 1), 60));
    ELSE
        rule.rulkind := 'cron';
        rule.rultext := regexp_replace(words, '^cron( |$)', '', 'i');
        mistake := pgagent.pga_cron_mistake(rule.rultext);
    END IF;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_line_words(text, text, pgagent.pga_rule) IS 'Reads the words of a rule in any language, or says what is wrong with them';

/* A rule that starts when it is written, in that minute, has no rulstart. */
CREATE FUNCTION pgagent.pga_line_rule(word text, rest text, zone text, OUT rule pgagent.pga_rule, OUT mistake text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    read record;
    words text := regexp_replace(regexp_replace(rest, '^@(every|after) ', E'\\1 ', 'i'), '^@reboot$', 'startup', 'i');
    parts text[] := regexp_match(' ' || words, '^(.*) for (.*)$', 'i');
BEGIN
    rule.rulexception := word = '@except';
    rule.rulendcount := 0;
    rule.rulevery := 1;
    rule.rulorigin := 'comment';
    IF length(word) + length(rest) >= 10000 THEN
        mistake := 'it is longer than 10000 characters';
    ELSIF parts IS NOT NULL THEN
        words := ltrim(parts[1]);
        rule.rulduration := pgagent.pga_line_length(parts[2]);
        mistake := CASE
            WHEN NOT rule.rulexception THEN 'only @except takes "for" and a length of time'
            WHEN rule.rulduration IS NULL
                THEN format('"%s" is no length of time with units, such as 90 min or 2 days 12 hours', left(parts[2], 60)) END;
    END IF;
    IF mistake IS NULL THEN
        SELECT * INTO read FROM pgagent.pga_line_words(words, zone, rule);
        rule := read.rule;
        mistake := read.mistake;
    END IF;
    /* Columns are named as the keys are, but for their prefix. */
    IF mistake IS NULL THEN
        mistake := regexp_replace(pgagent.pga_rule_mistake(rule), E'\\mrul(?!es?\\M)(?=[a-z])', '', 'g');
    END IF;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_line_rule(text, text, text) IS 'Reads a line @rule or @except, or says what is wrong with it';

/* ---- Settings ---- */

/* As an object with one column of pga_job. Which zones there are is asked only where one is new: that takes long. */
CREATE FUNCTION pgagent.pga_line_setting(word text, rest text, OUT setting jsonb, OUT mistake text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    value text;
BEGIN
    CASE word
    WHEN '@zone' THEN
        value := substring(rest FROM '^[^ ]+$');
        mistake := 'the IANA name of a time zone is needed, such as Europe/Berlin or UTC';
    WHEN '@missed' THEN
        value := lower(substring(rest FROM '(?i)^(?:once|skip|all)$') COLLATE "C");
        mistake := 'allowed are once, skip and all';
    WHEN '@busy' THEN
        value := lower(substring(rest FROM '(?i)^(?:skip|queue|parallel|replace)$') COLLATE "C");
        mistake := 'allowed are skip, queue, parallel and replace';
    WHEN '@grace', '@timeout' THEN
        value := pgagent.pga_line_length(rest)::text;
        mistake := 'a length of time with units is needed, such as 90 min or 2 days 12 hours';
    WHEN '@keep' THEN
        value := CASE WHEN pgagent.pga_line_length(rest) <= interval '1000 years' THEN pgagent.pga_line_length(rest)::text END;
        mistake := 'a length of time with units is needed, such as 30 days or 1 year, up to 1000 years';
    WHEN '@maxruns' THEN
        value := ltrim(substring(rest FROM '^0*[1-9][0-9]{0,8}$'), '0');
        mistake := 'a number from 1 on is needed';
    WHEN '@restart' THEN
        value := CASE lower(rest COLLATE "C") WHEN '' THEN 'true' WHEN 'on' THEN 'true' WHEN 'off' THEN 'false' END;
        mistake := 'allowed are on, off and nothing, which is on';
    WHEN '@calendar' THEN
        mistake := 'this version has no calendars yet';
    ELSE
        mistake := 'lines that begin with @ are @rule, @except, @zone, @missed, @grace, @busy, @timeout, @maxruns, @restart and @keep; '
                   'if it is only text, let it begin with something else';
    END CASE;
    IF value IS NOT NULL THEN
        mistake := NULL;
        setting := jsonb_build_object(CASE word WHEN '@zone' THEN 'jobtimezone' ELSE 'job' || substr(word, 2) END, value);
    END IF;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_line_setting(text, text) IS 'Reads a line that sets a column of its job, or says what is wrong with it';

CREATE FUNCTION pgagent.pga_job_settings(job pgagent.pga_job) RETURNS jsonb
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN jsonb_build_object('jobtimezone', job.jobtimezone, 'jobmissed', job.jobmissed, 'jobgrace', job.jobgrace::text,
                              'jobbusy', job.jobbusy, 'jobtimeout', job.jobtimeout::text, 'jobmaxruns', job.jobmaxruns::text,
                              'jobrestart', job.jobrestart::text, 'jobkeep', job.jobkeep::text);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_job_settings(pgagent.pga_job) IS 'The columns of a job that lines of its comment can set';

CREATE FUNCTION pgagent.pga_comment_settings(comment text, OUT settings jsonb, OUT lines jsonb)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT coalesce(jsonb_object_agg(k.name, k.value), '{}'), coalesce(jsonb_object_agg(k.name, l.line), '{}')
    INTO settings, lines
    FROM pgagent.pga_comment_lines(comment) l
    CROSS JOIN LATERAL pgagent.pga_line_setting(l.word, l.rest) s
    CROSS JOIN LATERAL jsonb_each(s.setting) k (name, value)
    WHERE l.word NOT IN ('@rule', '@except');
END;
$$;
COMMENT ON FUNCTION pgagent.pga_comment_settings(text) IS 'What the lines of a comment set, as far as they can be read, and the line for each column';

/* What is wrong with a line; NULL = nothing. */
CREATE FUNCTION pgagent.pga_line_mistake(word text, rest text, zone text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF word IN ('@rule', '@except') THEN
        RETURN (SELECT r.mistake FROM pgagent.pga_line_rule(word, rest, zone) r);
    END IF;
    RETURN (SELECT s.mistake FROM pgagent.pga_line_setting(word, rest) s);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_line_mistake(text, text, text) IS 'What is wrong with a line of a comment, as far as SQL can see; NULL = nothing';

/* ---- The job's columns ---- */

/* Errors are raised by the triggers themselves: pgAdmin shows where they come from, too, and that is one line then. */
CREATE FUNCTION pgagent.pga_settings_mistake(comment text) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (
        SELECT format('line "%s" of the comment cannot be read: %s', left(l.line, 100),
                      CASE WHEN l.nth > 1 THEN format('it is the second line %s', l.word) ELSE s.mistake END)
        FROM (SELECT c.place, c.line, c.word, c.rest, row_number() OVER (PARTITION BY c.word ORDER BY c.place) AS nth
              FROM pgagent.pga_comment_lines(comment) c WHERE c.word NOT IN ('@rule', '@except')) l
        CROSS JOIN LATERAL pgagent.pga_line_setting(l.word, l.rest) s
        WHERE s.mistake IS NOT NULL OR l.nth > 1
        ORDER BY l.place LIMIT 1);
END;
$$;
COMMENT ON FUNCTION pgagent.pga_settings_mistake(text) IS 'The first line of a comment, other than a rule, that cannot be read, and why; NULL = all can';

/* Columns that hold what a line of the old comment says came from it. */
CREATE FUNCTION pgagent.pga_job_comment_before() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    defaults CONSTANT jsonb := '{"jobtimezone": null, "jobmissed": "once", "jobgrace": null, "jobbusy": "skip",
                                 "jobtimeout": null, "jobmaxruns": "1", "jobrestart": "false", "jobkeep": null}';
    old_comment text := '';
    before jsonb := '{}';
    hand_set jsonb := pgagent.pga_job_settings(NEW);
    said_before jsonb;
    said record;
    mistake text;
    job pgagent.pga_job;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        old_comment := OLD.jobdesc;
        before := pgagent.pga_job_settings(OLD);
    END IF;
    SELECT * INTO said FROM pgagent.pga_comment_settings(NEW.jobdesc);
    IF TG_OP = 'UPDATE' AND NEW.jobdesc = old_comment THEN
        SELECT format('%s comes from the line "%s" of the job''s comment: change it there', k.name, said.lines ->> k.name)
        INTO mistake
        FROM jsonb_each(said.settings) k (name, value)
        WHERE before -> k.name = k.value AND hand_set -> k.name <> k.value
        ORDER BY k.name LIMIT 1;
    ELSE
        mistake := pgagent.pga_settings_mistake(NEW.jobdesc);
    END IF;
    IF mistake IS NOT NULL THEN
        RAISE EXCEPTION '%', mistake USING ERRCODE = 'invalid_parameter_value';
    ELSIF TG_OP = 'UPDATE' AND NEW.jobdesc = old_comment THEN
        RETURN NEW;
    END IF;

    SELECT c.settings INTO said_before FROM pgagent.pga_comment_settings(old_comment) c;
    SELECT hand_set || coalesce(jsonb_object_agg(k.name, defaults -> k.name), '{}') || said.settings INTO hand_set
    FROM jsonb_each(said_before) k (name, value)
    WHERE before -> k.name = k.value AND hand_set -> k.name = k.value;
    job := jsonb_populate_record(NULL::pgagent.pga_job, hand_set);
    NEW.jobtimezone := job.jobtimezone;
    NEW.jobmissed := job.jobmissed;
    NEW.jobgrace := job.jobgrace;
    NEW.jobbusy := job.jobbusy;
    NEW.jobtimeout := job.jobtimeout;
    NEW.jobmaxruns := job.jobmaxruns;
    NEW.jobrestart := job.jobrestart;
    NEW.jobkeep := job.jobkeep;
    IF said.settings -> 'jobtimezone' <> coalesce(before -> 'jobtimezone', 'null') THEN
        PERFORM pgagent.pga_check_zone(NEW.jobtimezone, format('line "%s" of the comment', said.lines ->> 'jobtimezone'));
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_job_comment_before() IS 'Sets the columns of a job that lines of its comment name';

/* Its name puts it before pga_job_trigger, which plans with the columns that it sets. */
CREATE TRIGGER pga_job_comment_insert BEFORE INSERT ON pgagent.pga_job FOR EACH ROW
WHEN (strpos(NEW.jobdesc, '@') > 0 AND current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_job_comment_before();
COMMENT ON TRIGGER pga_job_comment_insert ON pgagent.pga_job IS 'Sets the columns that lines of the comment name';

CREATE TRIGGER pga_job_comment_update
BEFORE UPDATE OF jobdesc, jobtimezone, jobmissed, jobgrace, jobbusy, jobtimeout, jobmaxruns, jobrestart, jobkeep ON pgagent.pga_job FOR EACH ROW
WHEN ((strpos(OLD.jobdesc, '@') > 0 OR strpos(NEW.jobdesc, '@') > 0)
      AND (OLD.jobdesc, OLD.jobtimezone, OLD.jobmissed, OLD.jobgrace, OLD.jobbusy, OLD.jobtimeout, OLD.jobmaxruns,
           OLD.jobrestart, OLD.jobkeep)
          IS DISTINCT FROM
          (NEW.jobdesc, NEW.jobtimezone, NEW.jobmissed, NEW.jobgrace, NEW.jobbusy, NEW.jobtimeout, NEW.jobmaxruns,
           NEW.jobrestart, NEW.jobkeep)
      AND current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_job_comment_before();
COMMENT ON TRIGGER pga_job_comment_update ON pgagent.pga_job IS 'Sets the columns that lines of the comment name';

/* ---- The job's rules ---- */

/* A local date and time in a line is that of the zone, whichever it becomes. */
CREATE FUNCTION pgagent.pga_move_rules(job int4, zone text) RETURNS int4
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moved int4;
BEGIN
    UPDATE pgagent.pga_rule r
    SET rulstart = n.start_at, rulend = n.end_at, rulproblem = NULL
    FROM (SELECT o.rulid, coalesce((w.rule).rulstart, least(o.rulstart, (w.rule).rulend)) AS start_at,
                 CASE WHEN (w.rule).rulend IS NOT NULL THEN greatest((w.rule).rulstart, (w.rule).rulend) END AS end_at
          FROM pgagent.pga_rule o
          CROSS JOIN LATERAL pgagent.pga_comment_lines(o.ruldesc) l
          CROSS JOIN LATERAL pgagent.pga_line_rule(l.word, l.rest, zone) w
          WHERE o.ruljobid = job AND o.rulorigin = 'comment') n
    WHERE r.rulid = n.rulid AND (r.rulstart, r.rulend) IS DISTINCT FROM (n.start_at, n.end_at);
    GET DIAGNOSTICS moved = ROW_COUNT;
    RETURN moved;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_move_rules(int4, text) IS 'Reads the dates and times of a job''s lines anew, in another zone; how many rules changed';

/* Makes the rules of a job that come from its comment be those of its lines. A rule that ended before it could start never
 * runs, and an agent says so; it is no mistake, so that a copy of an old job is none. */
CREATE FUNCTION pgagent.pga_write_rules(job int4, comment text, zone text, OUT changes int4, OUT mistake text)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    new record;
    rule pgagent.pga_rule;
BEGIN
    DELETE FROM pgagent.pga_rule
    WHERE ruljobid = job AND rulorigin = 'comment'
      AND ruldesc NOT IN (SELECT l.line FROM pgagent.pga_comment_lines(comment) l);
    GET DIAGNOSTICS changes = ROW_COUNT;

    FOR new IN
        SELECT n.line, r.rule, r.mistake
        FROM (SELECT l.line, l.word, l.rest
              FROM pgagent.pga_comment_lines(comment) l
              WHERE l.word IN ('@rule', '@except')
                AND l.line NOT IN (SELECT ruldesc FROM pgagent.pga_rule WHERE ruljobid = job AND rulorigin = 'comment')
              GROUP BY l.line, l.word, l.rest
              ORDER BY min(l.place)) n
        CROSS JOIN LATERAL pgagent.pga_line_rule(n.word, n.rest, zone) r
    LOOP
        IF new.mistake IS NOT NULL THEN
            mistake := format('line "%s" of the comment cannot be read: %s', left(new.line, 100), new.mistake);
            RETURN;
        END IF;
        rule := new.rule;
        INSERT INTO pgagent.pga_rule (ruljobid, ruldesc, rulkind, rulexception, rulduration, rulstart, rulend, rulevery, rulhours,
                                      rulweekdays, rulmonthdays, rulmonths, rulperiod, rultext, rulorigin)
        VALUES (job, new.line, rule.rulkind, rule.rulexception, rule.rulduration,
                coalesce(rule.rulstart, least(date_trunc('minute', now()), rule.rulend)), rule.rulend, rule.rulevery, rule.rulhours, rule.rulweekdays,
                rule.rulmonthdays, rule.rulmonths, rule.rulperiod, rule.rultext, 'comment');
        changes := changes + 1;
    END LOOP;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_write_rules(int4, text, text) IS 'Adds the rules of new lines of a comment to its job and removes those whose line is gone: how many of both, or what is wrong with a line';

/* The rules are written past their own triggers, which would plan the job for each; it is planned once, at the end. Lines
 * that were adopted and never edited are not read because the zone changes. */
CREATE FUNCTION pgagent.pga_job_comment_after() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    agent text := current_setting('pgalmanac.agent', true);
    zone text := pgagent.pga_job_zone(NEW);
    is_new_zone bool := false;
    is_new_comment bool := true;
    changes int4 := 0;
    written record;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        is_new_zone := NEW.jobtimezone IS DISTINCT FROM OLD.jobtimezone;
        is_new_comment := NEW.jobdesc <> OLD.jobdesc;
    END IF;
    PERFORM set_config('pgalmanac.agent', 'on', true);
    IF is_new_zone THEN
        changes := pgagent.pga_move_rules(NEW.jobid, zone);
    END IF;
    IF is_new_comment THEN
        SELECT * INTO written FROM pgagent.pga_write_rules(NEW.jobid, NEW.jobdesc, zone);
        IF written.mistake IS NOT NULL THEN
            RAISE EXCEPTION '%', written.mistake USING ERRCODE = 'invalid_parameter_value';
        END IF;
        changes := changes + written.changes;
    END IF;
    PERFORM set_config('pgalmanac.agent', coalesce(agent, ''), true);
    IF changes > 0 THEN
        UPDATE pgagent.pga_job SET jobnextrun = NULL, jobrevision = jobrevision + 1 WHERE jobid = NEW.jobid;
    END IF;
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_job_comment_after() IS 'Makes the rules of a job those of its comment''s lines';

CREATE TRIGGER pga_job_comment_inserted AFTER INSERT ON pgagent.pga_job FOR EACH ROW
WHEN (strpos(NEW.jobdesc, '@') > 0 AND current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_job_comment_after();
COMMENT ON TRIGGER pga_job_comment_inserted ON pgagent.pga_job IS 'Makes rules of lines of the comment';

CREATE TRIGGER pga_job_comment_updated AFTER UPDATE OF jobdesc, jobtimezone ON pgagent.pga_job FOR EACH ROW
WHEN ((strpos(OLD.jobdesc, '@') > 0 OR strpos(NEW.jobdesc, '@') > 0)
      AND (OLD.jobdesc, OLD.jobtimezone) IS DISTINCT FROM (NEW.jobdesc, NEW.jobtimezone)
      AND current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_job_comment_after();
COMMENT ON TRIGGER pga_job_comment_updated ON pgagent.pga_job IS 'Makes rules of lines of the comment';

/* All jobs are planned anew then in any case. */
CREATE FUNCTION pgagent.pga_setting_comments() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    agent text := current_setting('pgalmanac.agent', true);
BEGIN
    PERFORM set_config('pgalmanac.agent', 'on', true);
    PERFORM pgagent.pga_move_rules(j.jobid, NEW.setvalue)
    FROM pgagent.pga_job j
    WHERE j.jobtimezone IS NULL
      AND j.jobid IN (SELECT ruljobid FROM pgagent.pga_rule WHERE rulorigin = 'comment');
    PERFORM set_config('pgalmanac.agent', coalesce(agent, ''), true);
    RETURN NULL;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_setting_comments() IS 'Reads the dates and times in lines of comments anew when the time zone changes';

CREATE TRIGGER pga_setting_comments AFTER UPDATE ON pgagent.pga_setting FOR EACH ROW
WHEN (NEW.setname = 'timezone' AND NEW.setvalue IS DISTINCT FROM OLD.setvalue
      AND current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_setting_comments();
COMMENT ON TRIGGER pga_setting_comments ON pgagent.pga_setting IS 'Reads the dates and times in lines of comments anew when the time zone changes';

/* ---- What is not for hands ---- */

/* Counts may be set to 0; a job that is deleted takes its rules along. */
CREATE FUNCTION pgagent.pga_rule_comment() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    edited pgagent.pga_rule;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        IF TG_OP = 'UPDATE' THEN
            edited := NEW;
            edited.rulruncount := OLD.rulruncount;
        END IF;
        IF edited IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        ELSIF OLD.rulorigin = 'comment' AND EXISTS (SELECT FROM pgagent.pga_job WHERE jobid = OLD.ruljobid) THEN
            RAISE EXCEPTION 'rule % comes from the line "%" of the comment of job %: change it there',
                OLD.rulid, left(OLD.ruldesc, 100), OLD.ruljobid USING ERRCODE = 'invalid_parameter_value';
        ELSIF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
    END IF;
    IF NEW.rulorigin = 'comment' THEN
        RAISE EXCEPTION 'rule %: rulorigin cannot be set to comment: such rules are lines of their job''s comment', NEW.rulid
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    RETURN NEW;
END;
$$;
COMMENT ON FUNCTION pgagent.pga_rule_comment() IS 'Refuses edits of rules that come from comments';

CREATE TRIGGER pga_rule_comment BEFORE INSERT OR UPDATE OR DELETE ON pgagent.pga_rule FOR EACH ROW
WHEN (current_setting('pgalmanac.agent', true) IS DISTINCT FROM 'on')
EXECUTE PROCEDURE pgagent.pga_rule_comment();
COMMENT ON TRIGGER pga_rule_comment ON pgagent.pga_rule IS 'Refuses edits of rules that come from comments';
