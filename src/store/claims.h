/* SPDX-License-Identifier: PostgreSQL */
/* Claiming due jobs, and skipping slots that are not to be run. */
#pragma once

#include "store/jobs.h"

/* What the engine wants of one due job. Instants and revision as the peek saw them. */
typedef struct {
    int job_id;
    int revision;
    int64_t next_at;
    int64_t seen_planned_at;
    bool is_manual;       /* answers a wish; else the slot */
    int64_t slot_at;      /* NO_INSTANT for a wish */
    char *label;          /* the slot's local label; NULL for a wish */
    int slots;            /* how many slots the run stands for */
    int schedule_id;      /* that asked for the slot; 0 = none */
    int rule_id;          /* or that did; 0 = none */
    GArray *rule_ids;     /* of int: all rules that ask for it, which count its run; NULL = none */
    bool is_late;         /* nobody ran it in time */
    int64_t planned_at;   /* the plan after the slot; NO_INSTANT = never, unless … */
    bool needs_plan;      /* … somebody else has to find it out */
    int64_t skipped_from; /* the slots before it that have no run of their own; NO_INSTANT = none */
    int64_t skipped_to;
    int skipped; /* how many */
    const char *why_skipped;
    bool is_busy;      /* the job still runs */
    bool is_passed;    /* the slot has no run either: it is the last that is skipped */
    int first_step_id; /* whose log row is opened with the run; 0 = none */
} Claim;

void claim_free(Claim *self);

typedef struct {
    int64_t run_id; /* jlgid */
    int job_id;
    int64_t step_log_id; /* of the first step; 0 = it is not open yet */
} TakenRun;

/* taken: TakenRun, those that we got, also if there was an error. refusal: why the server refuses some of them, which
 * did not harm the others; may be NULL. After a CONNECTION error it is unknown what else was got: see claims_unknown. */
typedef void (*ClaimsTaken)(const GArray *taken, const GError *refusal, const GError *error,
                            gpointer user_data);
/* claims must live until the answer; it is used up. */
void claims_take(Store *store, GPtrArray *claims, ClaimsTaken taken, gpointer user_data);

/* For claims that are passed: their slots are skipped, but for one of a busy job, which waits if its policy says so.
 * job_ids: int, those whose slots were skipped; the others' stay due. has_cancels: runs are to be cancelled for that, ours
 * or not; other agents are told. refusal: as of ClaimsTaken. */
typedef void (*ClaimsSkipped)(const GArray *job_ids, bool has_cancels, const GError *refusal,
                              const GError *error, gpointer user_data);
/* claims must live until the answer. */
void claims_skip(Store *store, GPtrArray *claims, ClaimsSkipped skipped, gpointer user_data);

/* A run that was claimed by a statement whose answer was lost. */
typedef struct {
    int64_t run_id;
    int job_id;
    char *job_name;
    int64_t timeout_us;
    int first_step_id; /* whose log row is open; 0 = none */
    int64_t step_log_id;
    bool is_over; /* how it ended was written to a server that is gone; else it was never started */
} UnknownRun;

/* runs: UnknownRun, those that are open and not in hand (run ids, of int64_t); NULL on error. Those of a lost answer are to
 * be started until store_forget_lost_batches. */
typedef void (*ClaimsUnknown)(GPtrArray *runs, const GError *error, gpointer user_data);
void claims_unknown(Store *store, const GArray *in_hand, ClaimsUnknown loaded, gpointer user_data);
