#include <stddef.h>

#include "common/home_token.h"
#include "common/pin.h"
#include "common/token_keep.h"

enum kms_rc kms_home_token_opts(const struct kms_home_opts *opts,
                                struct kms_token_opts *out)
{
    const char *module = opts->module != NULL ? opts->module : kms_token_default_module();

    if (module == NULL)
        return kms_err(KMS_E_CONFIG, "SoftHSM2 is not installed (apt-get install "
                                     "softhsm2), and no other PKCS#11 module is named");
    *out = (struct kms_token_opts){
        .module = module,
        .label = opts->label != NULL ? opts->label : "kmsd",
    };
    return KMS_OK;
}

enum kms_rc kms_home_token_open(const struct kms_home_opts *opts, struct kms_token **out)
{
    KMS_AUTO(arena) a = NULL;
    KMS_AUTO(secret) pin = NULL;
    struct kms_token_opts token;
    struct kms_str path;

    KMS_TRY(kms_arena_new(&a));
    KMS_TRY(kms_home_token_opts(opts, &token));
    KMS_TRY(kms_pin_path(opts, a, &path));
    KMS_TRY(kms_pin_read(path.p, &pin));
    if (opts->module == NULL) {
        KMS_TRY(kms_arena_fmt(a, &path, "%s/token", opts->data));
        KMS_TRY(kms_token_softhsm_dir(path.p));
        KMS_TRY(kms_token_keep_mend(opts->data, a));
    }
    token.pin = pin;
    return kms_token_open(&token, out);
}
