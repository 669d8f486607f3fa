/* SPDX-License-Identifier: PostgreSQL */
/* Numbers of PostgreSQL's binary formats: type oids (pg_type.dat never changes them) and the epoch. */
#pragma once

#include <stdint.h>

enum {
    PG_BOOL = 16,
    PG_CHAR = 18, /* "char" */
    PG_NAME = 19,
    PG_INT8 = 20,
    PG_INT2 = 21,
    PG_INT4 = 23,
    PG_TEXT = 25,
    PG_OID = 26,
    PG_XID = 28,
    PG_JSON = 114,
    PG_FLOAT4 = 700,
    PG_FLOAT8 = 701,
    PG_UNKNOWN = 705,
    PG_BOOL_ARRAY = 1000,
    PG_INT4_ARRAY = 1007,
    PG_TEXT_ARRAY = 1009,
    PG_INT8_ARRAY = 1016,
    PG_BPCHAR = 1042,
    PG_VARCHAR = 1043,
    PG_DATE = 1082,
    PG_TIME = 1083,
    PG_TIMESTAMPTZ = 1184,
    PG_TIMESTAMPTZ_ARRAY = 1185,
};

/* 2000-01-01, from which PostgreSQL counts, as seen from 1970-01-01. */
#define PG_EPOCH_US   INT64_C(946684800000000)
#define PG_EPOCH_DAYS INT64_C(10957)
