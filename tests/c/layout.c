/* The layout of the public structs and the sizes of the public types, on 64-bit systems, are part of the ABI. */

#include "check.h"

#define OFFSET(type, field, offset) \
    _Static_assert(offsetof(type, field) == (offset), #type "." #field " is part of the ABI")
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), "the size of " #type " is part of the ABI")

SIZE(rr_status, 4);
SIZE(rr_outcome, 4);
SIZE(rr_state, 4);
SIZE(rr_type, 4);
SIZE(rr_kind, 4);
SIZE(rr_log_level, 4);

SIZE(rr_value, 56);
OFFSET(rr_value, type, 0);
OFFSET(rr_value, format, 4);
OFFSET(rr_value, integer, 8);
OFFSET(rr_value, real, 16);
OFFSET(rr_value, string, 24);
OFFSET(rr_value, length, 32);
OFFSET(rr_value, children, 40);
OFFSET(rr_value, count, 48);

SIZE(rr_completion, 32);
OFFSET(rr_completion, tag, 0);
OFFSET(rr_completion, reply, 8);
OFFSET(rr_completion, error, 16);
OFFSET(rr_completion, status, 24);
OFFSET(rr_completion, reserved, 28);

SIZE(rr_command_options, 24);
OFFSET(rr_command_options, struct_size, 0);
OFFSET(rr_command_options, timeout_ms, 8);
OFFSET(rr_command_options, flags, 16);
OFFSET(rr_command_options, reserved, 20);

SIZE(rr_pipeline_options, 24);
OFFSET(rr_pipeline_options, struct_size, 0);
OFFSET(rr_pipeline_options, timeout_ms, 8);
OFFSET(rr_pipeline_options, flags, 16);
OFFSET(rr_pipeline_options, reserved, 20);

SIZE(rr_subscription_options, 32);
OFFSET(rr_subscription_options, struct_size, 0);
OFFSET(rr_subscription_options, queue_size, 8);
OFFSET(rr_subscription_options, queue_bytes, 16);
OFFSET(rr_subscription_options, reserved, 24);

SIZE(rr_script_options, 24);
OFFSET(rr_script_options, struct_size, 0);
OFFSET(rr_script_options, timeout_ms, 8);
OFFSET(rr_script_options, flags, 16);
OFFSET(rr_script_options, reserved, 20);

SIZE(rr_transaction_options, 24);
OFFSET(rr_transaction_options, struct_size, 0);
OFFSET(rr_transaction_options, timeout_ms, 8);
OFFSET(rr_transaction_options, flags, 16);
OFFSET(rr_transaction_options, reserved, 20);

SIZE(rr_close_report, 40);
OFFSET(rr_close_report, struct_size, 0);
OFFSET(rr_close_report, drained, 8);
OFFSET(rr_close_report, lost, 16);
OFFSET(rr_close_report, unknown, 24);
OFFSET(rr_close_report, failed, 32);

SIZE(rr_stats, 272);
OFFSET(rr_stats, struct_size, 0);
OFFSET(rr_stats, commands, 8);
OFFSET(rr_stats, replies, 16);
OFFSET(rr_stats, server_errors, 24);
OFFSET(rr_stats, timeouts, 32);
OFFSET(rr_stats, resent, 40);
OFFSET(rr_stats, resent_unsafe, 48);
OFFSET(rr_stats, unknown, 56);
OFFSET(rr_stats, buffered, 64);
OFFSET(rr_stats, replayed, 72);
OFFSET(rr_stats, rejected, 80);
OFFSET(rr_stats, dropped, 88);
OFFSET(rr_stats, expired, 96);
OFFSET(rr_stats, failed, 104);
OFFSET(rr_stats, connects, 112);
OFFSET(rr_stats, connect_failures, 120);
OFFSET(rr_stats, disconnects, 128);
OFFSET(rr_stats, health_checks, 136);
OFFSET(rr_stats, bytes_written, 144);
OFFSET(rr_stats, bytes_read, 152);
OFFSET(rr_stats, longest_outage_us, 160);
OFFSET(rr_stats, last_outage_us, 168);
OFFSET(rr_stats, buffered_now, 176);
OFFSET(rr_stats, buffered_bytes_now, 184);
OFFSET(rr_stats, in_flight_now, 192);
OFFSET(rr_stats, failed_now, 200);
OFFSET(rr_stats, outages, 208);
OFFSET(rr_stats, outage_total_us, 216);
OFFSET(rr_stats, failed_discarded, 224);
OFFSET(rr_stats, events_missed, 232);
OFFSET(rr_stats, log_lines_missed, 240);
OFFSET(rr_stats, longest_call_us, 248);
OFFSET(rr_stats, replica_reads, 256);
OFFSET(rr_stats, failovers, 264);

int main(void)
{
    /* The header and the library are of one version. */
    char text[32];

    snprintf(text, sizeof text, "%d.%d.%d", RR_VERSION_MAJOR, RR_VERSION_MINOR, RR_VERSION_PATCH);
    CHECK_TEXT(rr_version(), text);
    CHECK_EQ(rr_version_number(), RR_VERSION_NUMBER);
    return 0;
}
