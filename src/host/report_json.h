/*
 * Report, its part for programs: one object each in --json, without which nothing happens here. Of
 * the objects of a run the first 1000 are listed, the others counted. For report.c only.
 */
#ifndef HOST_REPORT_JSON_H
#define HOST_REPORT_JSON_H

#include "host/report.h"

void report_json_received(struct Report *r, const struct StoreResult *result,
                          const struct Slot *slot);
void report_json_link(struct Report *r, const struct WireIn *in, const struct ReceiverCounters *p,
                      uint64_t bytes);
void report_json_unsent(struct Report *r, const char *name, int exit_code);
void report_json_sent(struct Report *r, const struct ReportSend *sent, uint64_t now, int exit_code);

/* What both parts say alike; report.c has it. Seconds are never 0. */
double report_seconds(uint64_t begin, uint64_t end);

#endif
