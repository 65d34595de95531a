/*
 * Names: what may become of a name that came over the link: the name of a file inside one folder.
 * Nothing else in the house makes one from such bytes.
 */
#ifndef HOST_NAMES_H
#define HOST_NAMES_H

#include "core/packet.h"

#define NAMES_MAX 200 /* most bytes of a name made here: leaves room for our suffixes */

/* Our suffixes, behind a name and behind each other in this order. */
#define NAMES_PART     ".part"
#define NAMES_JOURNAL  ".journal"
#define NAMES_NEW      ".new"
#define NAMES_UNPACKED ".unpacked"

enum NamesResult {
    NAMES_SAME,     /* the name as it came */
    NAMES_CHANGED,  /* without the folders before it, or shortened: its end is still that */
    NAMES_REPLACED, /* the name was not fit: dttk-<first 8 bytes of id in hex>.bin */
};

/*
 * Make a name for a file: what stands behind the last / or \; UTF-8 of characters that are
 * shown (host/text.h); not beginning with . - ~ or a blank, nor ending with one; not one that we
 * give to files of our own; at most NAMES_MAX bytes, cut before its extension. out is such a name
 * in every case.
 */
enum NamesResult names_sanitise(struct View name, const uint8_t id[PACKET_ID],
                                char out[NAMES_MAX + 1]);

#endif
