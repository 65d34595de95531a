#include "host/station.h"

#include "host/clock.h"
#include "host/kernels.h"

#include <sys/random.h>

#define SILENCE_BEFORE CLOCK_SECOND       /* a line idle for so long gets a 0x00 first */
#define GATHER         (4 * CLOCK_MS)     /* between looks at a terminal that brings bytes */
#define RELEARN        (2 * CLOCK_SECOND) /* so long a silence another sender may follow */
#define OVERSLEPT      (2 * CLOCK_SECOND) /* a wake-up so late is no scheduler's */
#define LAST_TURN      CLOCK_SECOND       /* for the other side to let us say a last word, */
#define LAST_WORDS     CLOCK_SECOND       /* and for that to get out */

/* Another number each time; without random bytes the time will do. */
static uint16_t other_run(void)
{
    uint16_t run;

    if (getrandom(&run, sizeof run, GRND_NONBLOCK) != (ssize_t)sizeof run)
        run = (uint16_t)(clock_now() >> 10);
    return run;
}

int station_open(struct Station *s, const struct LinkOptions *o, struct WireForm form,
                 uint64_t turnaround, struct Loop *loop)
{
    Crc32c crc32c = kernels_best()->crc32c;
    bool xonxoff = o->serial.path && o->serial.line.flow == TTY_FLOW_SOFT;

    s->loop = loop;
    s->turnaround = turnaround;
    s->sent_at = s->heard_at = s->good_at = s->read_at = 0;
    s->slept = 0;
    s->returns = 0;
    s->cancelled = s->relearn = false;
    wire_in_init(&s->in, crc32c, form, other_run());
    wire_out_init(&s->out, crc32c, xonxoff, form.armor);
    buffer_init(&s->tx, s->tx_memory, sizeof s->tx_memory, 0);
    silence_init(&s->silence);
    console_init(&s->console);
    return link_open(&s->link, o, loop);
}

void station_close(struct Station *s)
{
    link_close(&s->link, s->loop);
}

/* Half-duplex: when it may be our turn. */
static uint64_t turn_at(const struct Station *s)
{
    return s->turnaround > 0 && s->heard_at > 0 ? s->heard_at + s->turnaround : 0;
}

uint64_t station_turn(const struct Station *s, uint64_t now)
{
    return now < turn_at(s) ? turn_at(s) : CLOCK_NEVER;
}

char *station_silence(const struct Station *s, uint64_t echoes, uint64_t rivals, uint64_t waiting,
                      char *out, size_t size)
{
    const struct WireEar *ear = wire_in_ear(&s->in);
    bool ftag = s->in.form.wire == WIRE_FTAG;
    struct SilenceFacts facts = {.serial = s->link.options.serial.path || s->link.options.terminal,
                                 .good = wire_in_good(&s->in),
                                 .frames = ear->frames.counters,
                                 .ftag = ear->ftag.counters,
                                 .armor = s->in.armor.counters,
                                 .echoes = echoes,
                                 .rivals = rivals,
                                 .waiting = waiting + (ftag ? ear->bridge.counters.held : 0)};

    return silence_explain(&s->silence, &facts, out, size);
}

size_t station_drop(struct Station *s)
{
    size_t len = s->tx.len;

    buffer_reset(&s->tx, 0);
    s->sent_at = 0;
    return len;
}

enum LinkState station_tick(struct Station *s, uint64_t now)
{
    enum LinkState state = link_tick(&s->link, now);

    if (s->link.returns != s->returns) { /* what was on its way is lost, a frame perhaps cut */
        s->returns = s->link.returns;
        station_drop(s);
        s->slept = 1;
    }
    return state;
}

size_t station_room(struct Station *s, uint64_t now)
{
    size_t room = STATION_BATCH;

    if (now < turn_at(s) || s->link.state != LINK_UP)
        return 0;
    if (s->link.serial.fd >= 0 && link_room(&s->link, now) < room)
        room = link_room(&s->link, now);
    return s->tx.len < room ? room - s->tx.len : 0;
}

uint64_t station_room_at(const struct Station *s)
{
    bool seen = s->link.serial.fd >= 0 && s->link.state == LINK_UP && !s->link.gone;

    return seen ? s->link.look_at : CLOCK_NEVER;
}

/* Room for a packet; returns how much waits before it. */
static size_t put_begin(struct Station *s)
{
    if (s->tx.len == 0)
        buffer_reset(&s->tx, 0);
    else
        buffer_rebase(&s->tx, 0);
    s->out.armor = s->in.form.armor;
    return s->tx.len;
}

size_t station_put(struct Station *s, const struct View *parts, size_t count, uint64_t now)
{
    size_t before = put_begin(s);

    if (s->sent_at == 0 || now - s->sent_at >= SILENCE_BEFORE)
        wire_out_begin(&s->out, &s->tx);
    wire_out_frame(&s->out, &s->tx, parts, count);
    s->sent_at = now;
    return s->tx.len - before;
}

size_t station_put_ftag(struct Station *s, const struct FtagPacket *p, uint64_t now)
{
    size_t before = put_begin(s);

    wire_out_ftag(&s->out, &s->tx, p);
    s->sent_at = now;
    return s->tx.len - before;
}

bool station_ended(const struct Station *s)
{
    return s->link.port.eof && s->link.state == LINK_UP && !s->link.gone;
}

bool station_writing(const struct Station *s)
{
    return s->tx.len > 0;
}

int station_flush(struct Station *s)
{
    if (s->tx.len == 0)
        return 0;
    return buffer_read_with(&s->tx, link_write, &s->link) < 0 ? -1 : 0;
}

int station_read(struct Station *s, uint64_t now)
{
    struct Port *port = &s->link.port;
    struct View fresh;
    ptrdiff_t n;

    if (now < s->read_at || !loop_ready(s->loop, LOOP_LINK_IN))
        return 0;
    if (s->relearn && s->in.form.wire != WIRE_UNKNOWN && now - s->heard_at >= RELEARN)
        wire_in_forget(&s->in);
    n = wire_in_read(&s->in, link_read, &s->link, &fresh);
    if (n < 0)
        return -1;
    s->read_at = n > 0 && port->in.tty ? now + GATHER : 0;
    if (n > 0) {
        s->heard_at = now;
        silence_feed(&s->silence, fresh);
        s->console.text = s->in.form.armor;
        if (s->link.options.terminal && console_feed(&s->console, fresh))
            s->cancelled = true;
    }
    return 0;
}

bool station_next(struct Station *s, struct View *packet, uint64_t now)
{
    uint64_t good = wire_in_good(&s->in);
    bool any = wire_in_next(&s->in, packet);

    if (wire_in_good(&s->in) != good)
        s->good_at = now;
    return any;
}

void station_finish(struct Station *s)
{
    wire_in_finish(&s->in);
}

uint64_t station_wait(struct Station *s, bool in, uint64_t deadline)
{
    uint64_t now = clock_now(), begin = now;
    bool gathering = in && now < s->read_at;

    link_watch(&s->link, s->loop, in && !gathering, s->tx.len > 0);
    deadline = clock_earlier(deadline, link_deadline(&s->link));
    if (gathering)
        deadline = clock_earlier(deadline, s->read_at);
    loop_wait(s->loop, deadline);
    now = clock_now();
    if (deadline != CLOCK_NEVER && deadline < begin)
        deadline = begin;
    s->slept = deadline != CLOCK_NEVER && now > deadline + OVERSLEPT ? now - deadline : 0;
    if (gathering && now >= s->read_at) { /* what has gathered is read in this same turn */
        link_watch(&s->link, s->loop, true, s->tx.len > 0);
        loop_wait(s->loop, 0);
    }
    return now;
}

/* True while something can still be said, and the wait for it is not over. */
static bool may_last(const struct Station *s, uint64_t now, uint64_t until)
{
    return now < until && !s->link.gone && s->link.state == LINK_UP;
}

uint64_t station_last_turn(struct Station *s)
{
    uint64_t now = clock_now(), until = now + LAST_TURN;
    struct View packet;

    while (station_turn(s, now) != CLOCK_NEVER && may_last(s, now, until)) {
        now = station_wait(s, true, clock_earlier(until, station_turn(s, now)));
        if (station_read(s, now) < 0 || station_ended(s))
            break;
        while (station_next(s, &packet, now))
            ;
    }
    s->turnaround = 0;
    return now;
}

void station_last_words(struct Station *s)
{
    uint64_t now = clock_now(), until = now + LAST_WORDS;

    while (station_writing(s) && may_last(s, now, until)) {
        now = station_wait(s, false, until);
        if (station_flush(s) < 0)
            return;
    }
}
