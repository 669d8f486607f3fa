/* SPDX-License-Identifier: PostgreSQL */
/* The words and options of `pgalmanac next`. */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "calendar/caret.h"
#include "calendar/instant.h"
#include "cli/cli.h"
#include "cli/next.h"
#include "cli/system-zone.h"

#define DEFAULT_COUNT 10
#define MAX_COUNT     1000000

typedef struct {
    char *zone;
    char *from;
    gint64 count;
    char *dialect;
    char *dom_dow;
    char **calendars;
    char *format;
    char *rule; /* its words, joined */
} Options;

static void
options_clear(Options *self)
{
    g_free(self->zone);
    g_free(self->from);
    g_free(self->dialect);
    g_free(self->dom_dow);
    g_strfreev(self->calendars);
    g_free(self->format);
    g_free(self->rule);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static const char description[] =
    "RULE is cron text (quote it), one of its macros (@daily, @every 90min), iCalendar lines\n"
    "(\\n ends one), or words key=value. Examples:\n"
    "  pgalmanac next '30 2 * * mon-fri'\n"
    "  pgalmanac next --zone Europe/Berlin 'RRULE:FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=18'\n"
    "  pgalmanac next kind=monthly start=2026-01-31T09:00 monthdays=31,-1\n"
    "The languages are described in pgalmanac-schedules(7).\n";

/* "--" ends the options and is no word of the rule. */
static char *
join_words(char **words)
{
    return g_strjoinv(" ", words + (*words && g_str_equal(*words, "--")));
}

static bool
parse(int argc, char **argv, Options *options, GError **error)
{
    const GOptionEntry entries[] = {
        {"zone", 0, 0, G_OPTION_ARG_STRING, &options->zone,
         "the time zone of the rule (default: the system's)", "ZONE"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &options->from,
         "show what comes after this instant, 2026-01-31T09:00, in that zone unless an offset "
         "follows (default: now)",
         "INSTANT"},
        {"count", 0, 0, G_OPTION_ARG_INT64, &options->count, "how many (default: 10)", "N"},
        {"dialect", 0, 0, G_OPTION_ARG_STRING, &options->dialect,
         "the language of the rule (default: auto); quartz is not there yet",
         "auto|cron|quartz|ical|typed"},
        {"dom-dow", 0, 0, G_OPTION_ARG_STRING, &options->dom_dow,
         "whether one or both of cron's day fields have to fit (default: or, but and if one of "
         "them begins with a star)",
         "and|or"},
        {"calendar", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->calendars,
         "days on which it runs or not; not there yet", "FILE.ics:exclude|only|next|previous"},
        {"format", 0, 0, G_OPTION_ARG_STRING, &options->format,
         "for people (default), one instant a line, or an object", "text|tsv|json"},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("RULE");
    options->count = DEFAULT_COUNT;
    g_option_context_set_summary(context, "Shows when a rule runs next. Needs no database.");
    g_option_context_set_description(context, description);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return false;
    options->rule = join_words(argv + 1);
    if (argc > 1)
        return true;
    g_set_error_literal(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                        "there is no rule; pgalmanac next --help shows some");
    return false;
}

static bool
refuse_option(GError **error, const char *name, const char *value, const char *allowed)
{
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE, "option --%s: \"%s\" is not allowed: %s",
                name, value, allowed);
    return false;
}

static bool
read_format(const Options *options, NextFormat *format, GError **error)
{
    static const char *const names[] = {
        [NEXT_TEXT] = "text", [NEXT_TSV] = "tsv", [NEXT_JSON] = "json"};
    *format = NEXT_TEXT;
    while (options->format && *format < N_NEXT_FORMATS &&
           !g_str_equal(options->format, names[*format]))
        (*format)++;
    return *format < N_NEXT_FORMATS ||
           refuse_option(error, "format", options->format, "text, tsv and json are");
}

static bool
read_dialect(const Options *options, NextQuestion *question, GError **error)
{
    if (!options->dialect || dialect_find(options->dialect, &question->dialect))
        return true;
    if (!g_str_equal(options->dialect, "quartz"))
        return refuse_option(error, "dialect", options->dialect,
                             "auto, cron, quartz, ical and typed are");
    g_set_error_literal(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT,
                        "this version cannot read the cron text of Quartz yet");
    return false;
}

static bool
read_days(const Options *options, NextQuestion *question, GError **error)
{
    if (!options->dom_dow)
        return true;
    bool is_and = g_str_equal(options->dom_dow, "and");
    question->has_days = true;
    question->days = is_and ? CRON_DAY_AND : CRON_DAY_OR;
    return is_and || g_str_equal(options->dom_dow, "or") ||
           refuse_option(error, "dom-dow", options->dom_dow, "and, or are");
}

static bool
read_from(const Options *options, NextQuestion *question, GError **error)
{
    if (!options->from) {
        question->from = clock_now_at();
        return true;
    }
    g_autoptr(GError) reason = NULL;
    if (instant_parse(options->from, question->zone, &question->from, &reason))
        return true;
    g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE, "option --from: %s", reason->message);
    return false;
}

static bool
read_question(const Options *options, NextQuestion *question, GError **error)
{
    question->rule = options->rule;
    question->count = options->count;
    if (options->count < 1 || options->count > MAX_COUNT) {
        g_set_error(error, ALMANAC_ERROR, ALMANAC_ERROR_USAGE,
                    "option --count: numbers from 1 to %d are allowed", MAX_COUNT);
        return false;
    }
    if (!read_dialect(options, question, error) || !read_days(options, question, error) ||
        !read_from(options, question, error))
        return false;
    if (options->calendars || !g_utf8_validate(options->rule, -1, NULL)) {
        g_set_error_literal(error, ALMANAC_ERROR, ALMANAC_ERROR_INPUT,
                            options->calendars ? "this version cannot read calendar files yet"
                                               : "the rule is not UTF-8 text");
        return false;
    }
    return true;
}

/* An error in the rule, and where. */
static int
fail_at(const NextQuestion *question, const Place *place, const GError *error)
{
    int code = cli_fail("next", error);
    if (code != CLI_INPUT)
        return code;
    g_autofree char *shown = caret_show(question->rule, place);
    fputs(shown, stderr);
    return code;
}

int
cli_next(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_auto(Options) options = {0};
    g_autofree char **words = g_new0(char *, argc + 1);
    memcpy(words, argv, sizeof(char *) * (size_t)argc);
    words[0] = (char *)"pgalmanac next"; /* as --help shows it */
    NextFormat format;
    NextQuestion question = {.dialect = DIALECT_AUTO};
    Place place = {0};

    if (!parse(argc, words, &options, &error) || !read_format(&options, &format, &error))
        return cli_fail("next", error);
    g_autoptr(Zone) zone =
        options.zone ? zone_load(options.zone, NULL, &error) : system_zone_load(&error);
    if (!zone) {
        (void)cli_fail("next", error);
        return CLI_INPUT;
    }
    question.zone = zone;
    if (!read_question(&options, &question, &error))
        return cli_fail("next", error);

    g_autoptr(NextAnswer) answer = next_ask(&question, &place, &error);
    if (!answer)
        return fail_at(&question, &place, error);
    next_print(&question, answer, format, stdout);
    return cli_flush(&error) ? CLI_OK : cli_fail("next", error);
}
