/* image.h - the kinds of images.  For steps/ alone. */
#ifndef TS_STEPS_IMAGE_H
#define TS_STEPS_IMAGE_H

#include "steps/archive_name.h"
#include "steps/host_internal.h"
#include "steps/target.h"

/* What is set from an image's entry: the owner only if we may. */
int ts_image_meta(void);
/* ts_set_extra_at, except that a volume that has no such thing is no error. */
TS_NODISCARD enum ts_code ts_image_set_extra(struct ts_dir *dir, const char *name,
                                             ts_str extra, struct ts_err *err);
/* The image's file; TS_EINPUT if it is none. */
TS_NODISCARD enum ts_code ts_image_open_source(struct ts_file **out, const char *path,
                                               struct ts_err *err);

/* Everything below `from`, with metadata; hard links among it stay hard links.  move:
 * rename instead of copying (same volume). */
TS_NODISCARD enum ts_code ts_image_put_tree(struct ts_target *to, struct ts_dir *from,
                                            bool move, struct ts_err *err);

/* host_archive.c.  check: libarchive is there and knows the file's format. */
TS_NODISCARD enum ts_code ts_image_check_archive(const char *source, struct ts_err *err);
TS_NODISCARD enum ts_code ts_image_apply_archive(struct ts_target *to, const char *source,
                                                 struct ts_err *err);
/* host_wim.c, through the program wimlib-imagex.  check: it is installed and the image
 * index exists. */
TS_NODISCARD enum ts_code ts_image_check_wim(struct ts_step_call *c,
                                             const struct ts_image_spec *s,
                                             struct ts_err *err);
TS_NODISCARD enum ts_code ts_image_apply_wim(struct ts_target *to,
                                             const struct ts_image_spec *s,
                                             struct ts_err *err);

#endif
