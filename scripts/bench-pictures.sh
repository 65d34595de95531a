# shellcheck shell=bash
#
# The pictures of bench, by which it is sourced: from the .tsv in a folder the .svg beside them.

picture() # FILE WIDTH,HEIGHT, the rest of the script on stdin
{
    { cat <<SCRIPT && cat; } | gnuplot
set terminal svg size $2 font 'sans-serif,14' background rgb 'white'
set output '$1'
set datafile separator '\t'
set border 3 linecolor rgb 'black'
set tics nomirror
set style line 1 linecolor rgb 'black' linewidth 2.5 pointtype 7 pointsize 0.7
set style line 2 linecolor rgb '#0060b0' linewidth 1.5 pointtype 4 pointsize 0.8
set style line 3 linecolor rgb '#c04000' linewidth 1.5 pointtype 8 pointsize 0.9
set style line 4 linecolor rgb 'black' linewidth 1.5 dashtype 3
SCRIPT
}

# Bars, from above to below in the order of the table.
draw_throughput() # FOLDER
{
    local rows
    rows=$(($(wc -l <"$1/throughput.tsv") - 1))
    picture "$1/throughput.svg" "720,$((90 + 34 * rows))" <<SCRIPT
set xlabel 'Content through a pipe into memory, MB/s'
set xrange [0:*]
set offsets graph 0, graph 0.12, 0, 0
set yrange [$rows - 0.4:-0.6]
set ytics scale 0
set border 1
set grid xtics linecolor rgb '#dddddd'
set style fill solid 1
unset key
plot '$1/throughput.tsv' skip 1 using (\$2 / 2):0:(\$2 / 2):(0.3):\
         (strstrt(strcol(1), 'dttk') ? 0x303030 : 0xb0b0b0):ytic(1) with boxxyerror \
         linecolor rgb variable, \
     '' skip 1 using 2:0:(sprintf(\$2 < 10 ? ' %.1f' : ' %.0f', \$2)) with labels left offset 0.3,0
SCRIPT
}

# From the lines of bench-line: bit error rate, and the share of the line each tool made use of;
# nothing got through is 0, and a line without errors stands at the left.
tabulate_goodput() # FOLDER
{
    awk -F '\t' -v OFS='\t' '
        NR == 1 || $3 == "cpu" || ($2 != "clean" && $2 !~ /^[0-9]e-[0-9]$/) { next }
        !($2 in seen) { seen[$2] = 1; order[++n] = $2 }
        { v[$2, $3] = $4 == "none" ? 0 : $4 }
        function cell(c, tool) { return (c, tool) in v ? v[c, tool] : "-" }
        END {
            print "ber", "dttk", "zmodem", "kermit"
            for (i = 1; i <= n; i++) {
                c = order[i]
                print c == "clean" ? "2e-7" : c, cell(c, "dttk"), cell(c, "zmodem"), \
                    cell(c, "kermit")
            }
        }' "$1/lines.tsv" >"$1/goodput.tsv"
}

draw_goodput() # FOLDER
{
    local plots='' column y style title
    tabulate_goodput "$1"
    # A tool that was not there has no column, and gnuplot warns of those.
    for column in '2:1:dttk' '3:2:ZMODEM (sz, rz)' '4:3:C-Kermit'; do
        IFS=: read -r y style title <<<"$column"
        ! cut -f "$y" "$1/goodput.tsv" | sed 1d | grep -q '[0-9]' ||
            plots+="${plots:+, }'$1/goodput.tsv' skip 1 using 1:$y with linespoints \
                linestyle $style title '$title'"
    done
    picture "$1/goodput.svg" 720,420 <<SCRIPT
set xlabel 'Bit error rate of the line'
set ylabel 'Goodput / line rate'
set datafile missing '-'
set logscale x
set xrange [1.5e-7:5e-4]
set yrange [0:1.05]
set format x '10^{%T}'
set xtics add ('none' 2e-7)
set mxtics 1
set grid ytics linecolor rgb '#dddddd'
set key bottom left Left reverse samplen 3
plot $plots
SCRIPT
}

draw_packets() # FOLDER
{
    picture "$1/packets.svg" 720,420 <<SCRIPT
set xlabel 'Packets lost, %'
set ylabel 'Packets sent / packets of the file'
set logscale y
set xrange [0:50]
set yrange [0.9:20]
set ytics (1, 1.5, 2, 3, 4, 6, 8, 10, 15, 20)
set grid ytics linecolor rgb '#dddddd'
set key top left Left reverse samplen 3
plot '$1/packets.tsv' skip 1 using (\$1 * 100):5 with linespoints linestyle 3 \
         title 'all again until complete', \
     4 with lines linestyle 2 title 'each 4 times, complete or not', \
     '$1/packets.tsv' skip 1 using (\$1 * 100):4 with linespoints linestyle 1 title 'dttk', \
     '' skip 1 using (\$1 * 100):2 with lines linestyle 4 title 'limit, 1 / (1 - loss)'
SCRIPT
}

draw_pictures() # FOLDER
{
    local name
    if ! command -v gnuplot >/dev/null; then
        echo 'bench: no pictures: gnuplot is not installed' >&2
        return
    fi
    for name in throughput:throughput goodput:lines packets:packets; do
        [ ! -s "$1/${name#*:}.tsv" ] || "draw_${name%:*}" "$1"
    done
}
