/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include "store/claim-params.h"

#include "store/fields.h"

/* One array parameter with a field of each claim. */
typedef void (*AddField)(DbParams *params, const Claim *claim);

static void
params_add_column(DbParams *params, const GPtrArray *claims, DbType type, AddField add)
{
    db_params_begin_array(params, type);
    for (guint i = 0; i < claims->len; i++)
        add(params, g_ptr_array_index(claims, i));
    db_params_end_array(params);
}

static void
add_job_id(DbParams *params, const Claim *claim)
{
    db_params_add_int4(params, claim->job_id);
}

static void
add_next_at(DbParams *params, const Claim *claim)
{
    params_add_optional_instant(params, claim->next_at);
}

static void
add_seen_planned_at(DbParams *params, const Claim *claim)
{
    params_add_optional_instant(params, claim->seen_planned_at);
}

static void
add_revision(DbParams *params, const Claim *claim)
{
    db_params_add_int4(params, claim->revision);
}

static void
add_is_manual(DbParams *params, const Claim *claim)
{
    db_params_add_bool(params, claim->is_manual);
}

static void
add_slot_at(DbParams *params, const Claim *claim)
{
    params_add_optional_instant(params, claim->slot_at);
}

static void
add_label(DbParams *params, const Claim *claim)
{
    db_params_add_text(params, claim->label);
}

static void
add_slots(DbParams *params, const Claim *claim)
{
    db_params_add_int4(params, claim->slots);
}

static void
add_id(DbParams *params, int id)
{
    if (id == 0)
        db_params_add_null(params);
    else
        db_params_add_int4(params, id);
}

static void
add_schedule_id(DbParams *params, const Claim *claim)
{
    add_id(params, claim->schedule_id);
}

static void
add_rule_id(DbParams *params, const Claim *claim)
{
    add_id(params, claim->rule_id);
}

static void
add_rule_ids(DbParams *params, const Claim *claim)
{
    for (guint i = 0; claim->rule_ids != NULL && i < claim->rule_ids->len; i++)
        db_params_add_int4(params, g_array_index(claim->rule_ids, int, i));
}

static void
add_is_late(DbParams *params, const Claim *claim)
{
    db_params_add_bool(params, claim->is_late);
}

static void
add_planned_at(DbParams *params, const Claim *claim)
{
    params_add_optional_instant(params, claim->planned_at);
}

static void
add_skipped_from(DbParams *params, const Claim *claim)
{
    params_add_optional_instant(params, claim->skipped_from);
}

static void
add_skipped_to(DbParams *params, const Claim *claim)
{
    params_add_optional_instant(params, claim->skipped_to);
}

static void
add_skipped(DbParams *params, const Claim *claim)
{
    db_params_add_int4(params, claim->skipped);
}

static void
add_why_skipped(DbParams *params, const Claim *claim)
{
    db_params_add_text(params, claim->why_skipped);
}

static void
add_is_busy(DbParams *params, const Claim *claim)
{
    db_params_add_bool(params, claim->is_busy);
}

static void
add_first_step_id(DbParams *params, const Claim *claim)
{
    add_id(params, claim->first_step_id);
}

static void
add_needs_plan(DbParams *params, const Claim *claim)
{
    db_params_add_bool(params, claim->needs_plan);
}

DbParams *
claims_take_params(Store *store, const GPtrArray *claims, const char *batch)
{
    DbParams *params = db_params_new();

    db_params_add_text(params, store_uuid(store));
    db_params_add_int8(params, store_epoch(store));
    params_add_column(params, claims, DB_INT4, add_job_id);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_next_at);
    params_add_column(params, claims, DB_INT4, add_revision);
    params_add_column(params, claims, DB_BOOL, add_is_manual);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_slot_at);
    params_add_column(params, claims, DB_TEXT, add_label);
    params_add_column(params, claims, DB_INT4, add_slots);
    params_add_column(params, claims, DB_INT4, add_schedule_id);
    params_add_column(params, claims, DB_BOOL, add_is_late);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_planned_at);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_skipped_from);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_skipped_to);
    params_add_column(params, claims, DB_INT4, add_first_step_id);
    db_params_add_text(params, batch);
    db_params_add_text(params, store_host(store));
    params_add_column(params, claims, DB_BOOL, add_needs_plan);
    params_add_column(params, claims, DB_INT4, add_rule_id);
    params_add_column(params, claims, DB_INT4, add_rule_ids);
    params_add_column(params, claims, DB_INT4, add_skipped);
    params_add_column(params, claims, DB_TEXT, add_why_skipped);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_seen_planned_at);
    return params;
}

DbParams *
claims_skip_params(Store *store, const GPtrArray *claims)
{
    DbParams *params = db_params_new();

    params_add_column(params, claims, DB_INT4, add_job_id);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_next_at);
    params_add_column(params, claims, DB_INT4, add_revision);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_skipped_from);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_slot_at);
    params_add_column(params, claims, DB_INT4, add_skipped);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_planned_at);
    db_params_add_text(params, store_name(store));
    params_add_column(params, claims, DB_BOOL, add_needs_plan);
    params_add_column(params, claims, DB_BOOL, add_is_busy);
    params_add_column(params, claims, DB_TEXT, add_why_skipped);
    params_add_column(params, claims, DB_INT4, add_rule_id);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_skipped_to);
    params_add_column(params, claims, DB_TIMESTAMPTZ, add_seen_planned_at);
    params_add_column(params, claims, DB_INT4, add_rule_ids);
    db_params_add_text(params, store_uuid(store));
    db_params_add_int8(params, store_epoch(store));
    return params;
}
