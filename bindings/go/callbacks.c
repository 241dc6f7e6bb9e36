#include "callbacks.h"

#include "_cgo_export.h"

static void on_destroy(void *userdata)
{
    rrgoDestroy((uintptr_t)userdata);
}

static void on_log(rr_log_level level, const char *message, void *userdata)
{
    rrgoLog(level, (char *)message, (uintptr_t)userdata);
}

static rr_status on_credentials(rr_credentials *credentials, void *userdata)
{
    return rrgoCredentials(credentials, (uintptr_t)userdata);
}

static rr_status on_resolve(const char *host, uint16_t port, rr_addresses *addresses, void *userdata)
{
    return rrgoResolve((char *)host, port, addresses, (uintptr_t)userdata);
}

rr_status rrgo_set_log(rr_config *config, int32_t level, uintptr_t handle, rr_error **err)
{
    return rr_config_set_log_callback(config, level, on_log, (void *)handle, on_destroy, err);
}

rr_status rrgo_set_credentials(rr_config *config, uintptr_t handle, rr_error **err)
{
    return rr_config_set_credentials_callback(config, on_credentials, (void *)handle, on_destroy, err);
}

rr_status rrgo_set_resolver(rr_config *config, uintptr_t handle, rr_error **err)
{
    return rr_config_set_resolver_callback(config, on_resolve, (void *)handle, on_destroy, err);
}

static void no_log(rr_log_level level, const char *message, void *userdata)
{
    (void)level;
    (void)message;
    (void)userdata;
}

static rr_status no_credentials(rr_credentials *credentials, void *userdata)
{
    (void)credentials;
    (void)userdata;
    return RR_ERR_UNSUPPORTED;
}

static rr_status no_resolver(const char *host, uint16_t port, rr_addresses *addresses, void *userdata)
{
    (void)host;
    (void)port;
    (void)addresses;
    (void)userdata;
    return RR_ERR_UNSUPPORTED;
}

void rrgo_unset_log(rr_config *config)
{
    rr_config_set_log_callback(config, RR_LOG_ERROR, no_log, NULL, NULL, NULL);
}

void rrgo_unset_credentials(rr_config *config)
{
    rr_config_set_credentials_callback(config, no_credentials, NULL, NULL, NULL);
}

void rrgo_unset_resolver(rr_config *config)
{
    rr_config_set_resolver_callback(config, no_resolver, NULL, NULL, NULL);
}
