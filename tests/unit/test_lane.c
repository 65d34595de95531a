/* Lane as it is built here, with vectors if there are any. */
#include "lane_check.h"

Test(lane, every_byte_is_found_in_every_place)
{
    lane_check_bytes();
}

Test(lane, of_several_the_first_is_found)
{
    lane_check_pairs();
}
