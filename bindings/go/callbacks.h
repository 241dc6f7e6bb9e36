/* The functions of a program that the library calls: C trampolines to Go. A callback's userdata is the number of a
 * cgo.Handle, never a pointer of Go. */

#ifndef RR_GO_CALLBACKS_H
#define RR_GO_CALLBACKS_H

#include <resilient_redis.h>

/* Register Go's function with the number of its handle. Each handle is deleted once, by the library's call of destroy. */
rr_status rrgo_set_log(rr_config *config, int32_t level, uintptr_t handle, rr_error **err);
rr_status rrgo_set_credentials(rr_config *config, uintptr_t handle, rr_error **err);
rr_status rrgo_set_resolver(rr_config *config, uintptr_t handle, rr_error **err);

/* Put functions of C that do nothing in the place of Go's, so that a config holds nothing of Go. */
void rrgo_unset_log(rr_config *config);
void rrgo_unset_credentials(rr_config *config);
void rrgo_unset_resolver(rr_config *config);

#endif
