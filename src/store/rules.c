/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/rules.h"

#include "store/fields.h"
#include "store/lists.h"
#include "store/sql.h"

typedef struct {
    RulesLoaded loaded;
    gpointer user_data;
} Request;

/* The columns of rules_load.sql. */
enum {
    JOB_ID,
    ID,
    KIND,
    IS_EXCEPTION,
    HAS_DURATION,
    DURATION_MONTHS,
    DURATION_DAYS,
    DURATION_US,
    START,
    END,
    END_COUNT,
    RUN_COUNT,
    EVERY,
    HOURS,
    WEEKDAYS,
    MONTH_DAYS,
    MONTH_DAYS_BACK,
    MONTHS,
    PERIOD_US,
    TEXT,
    DAY_OR,
    ZONE,
    PROBLEM,
    LAST_END
};

void
rule_row_free(RuleRow *self)
{
    definition_clear(&self->definition);
    g_free(self->zone);
    g_free(self->problem);
    g_free(self);
}

static CronDays
read_days(const DbResult *result, int row)
{
    if (db_result_is_null(result, row, DAY_OR))
        return CRON_DAY_VIXIE;
    return db_result_bool(result, row, DAY_OR) ? CRON_DAY_OR : CRON_DAY_AND;
}

static void
read_definition(const DbResult *result, int row, RuleDefinition *self)
{
    definition_init(self);
    /* The table knows no other kinds. */
    (void)rule_kind_find(db_result_text(result, row, KIND), &self->kind);
    self->start_at = db_result_instant(result, row, START);
    self->end_at =
        db_result_is_null(result, row, END) ? SCHEDULE_NO_END : db_result_instant(result, row, END);
    self->every = (int)db_result_int(result, row, EVERY);
    self->hours = (uint32_t)db_result_int(result, row, HOURS);
    self->weekdays = (uint8_t)db_result_int(result, row, WEEKDAYS);
    self->month_days = (uint32_t)db_result_int(result, row, MONTH_DAYS);
    self->month_days_back = (uint32_t)db_result_int(result, row, MONTH_DAYS_BACK);
    self->months = (uint16_t)db_result_int(result, row, MONTHS);
    self->period = (Length){.us = db_result_int(result, row, PERIOD_US)};
    self->text = g_strdup(db_result_text(result, row, TEXT));
    self->days = read_days(result, row);
}

static RuleRow *
read_rule(const DbResult *result, int row)
{
    RuleRow *self = g_new(RuleRow, 1);

    *self = (RuleRow){
        .id = (int)db_result_int(result, row, ID),
        .zone = g_strdup(db_result_text(result, row, ZONE)),
        .is_exception = db_result_bool(result, row, IS_EXCEPTION),
        .has_duration = db_result_bool(result, row, HAS_DURATION),
        .duration = {.months = (int32_t)db_result_int(result, row, DURATION_MONTHS),
                     .days = (int32_t)db_result_int(result, row, DURATION_DAYS),
                     .us = db_result_int(result, row, DURATION_US)},
        .end_count = (int)db_result_int(result, row, END_COUNT),
        .run_count = (int)db_result_int(result, row, RUN_COUNT),
        .last_end_at = field_instant(result, row, LAST_END),
        .problem = g_strdup(db_result_text(result, row, PROBLEM)),
    };
    read_definition(result, row, &self->definition);
    return self;
}

static void
on_rules(const DbResult *result, const GError *error, const DbFault *fault, gpointer user_data)
{
    g_autofree Request *request = user_data;

    if (error != NULL) {
        request->loaded(NULL, error, request->user_data);
        return;
    }

    g_autoptr(GHashTable) lists = lists_new();
    for (int row = 0; row < db_result_rows(result); row++)
        lists_add(lists, (int)db_result_int(result, row, JOB_ID), read_rule(result, row),
                  (GDestroyNotify)rule_row_free);
    request->loaded(lists, NULL, request->user_data);
}

void
rules_load(Store *store, const GArray *job_ids, RulesLoaded loaded, gpointer user_data)
{
    Request *request = g_new(Request, 1);
    g_autoptr(DbParams) params = db_params_new();

    *request = (Request){.loaded = loaded, .user_data = user_data};
    params_add_ids(params, job_ids);
    db_conn_query(store_control(store), sql_query("rules_load"), g_steal_pointer(&params), on_rules,
                  request);
}
