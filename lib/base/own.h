/* own.h - scoped ownership: KMS_AUTO frees on every way out of a block. */
#ifndef KMS_BASE_OWN_H
#define KMS_BASE_OWN_H

/*
 * Declares kms_<name>_free(), which takes back a struct kms_<name> (NULL is fine), and
 * the cleanup function behind KMS_AUTO. Use in the header of the type.
 */
#define KMS_OWNED(name)                                                                  \
    void kms_##name##_free(struct kms_##name *);                                         \
    static inline void kms_##name##_freep(struct kms_##name **p_)                        \
    {                                                                                    \
        kms_##name##_free(*p_);                                                          \
    }                                                                                    \
    struct kms_##name

/* KMS_AUTO(stmt) s = NULL;  frees s on every way out of the block. */
#define KMS_AUTO(name) __attribute__((cleanup(kms_##name##_freep))) struct kms_##name *

/* Moves a scoped local out: the local becomes NULL, the value is handed over. */
#define KMS_TAKE(local)                                                                  \
    __extension__({                                                                      \
        __typeof__(local) taken_ = (local);                                              \
        (local) = NULL;                                                                  \
        taken_;                                                                          \
    })

#endif
