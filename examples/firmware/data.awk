# Writes comparisons of polite and impolite replies, drawn from word lists of our own: awk -v seed=1 -v rows=400 -f data.awk
function pick(list, n) { return list[1 + int(rand() * n)] }
function filled(text, name, thing, place) {
    gsub(/@n/, name, text); gsub(/@t/, thing, text); gsub(/@p/, place, text)
    return text
}
BEGIN {
    srand(seed)
    names = split("Ada Bill Cora Dean Emma Fred Gus Hana Ines Jill Kurt Lola Milo Nina Otto Pam Rex Sara Ted Uma", name, " ")
    things = split("basket blanket boat bucket candle clock cookie egg flower glass hammer jacket ladder letter melon needle onion pencil ribbon shovel", thing, " ")
    places = split("barn beach cave forest garden kitchen lake market office tower", place, " ")
    asks = split("May I have the @t?|@n would like a @t.|Is the @t in the @p?|Could @n borrow the @t?|Where is the @t, please?|I lost my @t in the @p.", ask, "|")
    good = split("Of course, here is the @t.|Certainly! I am glad to help, @n.|You are welcome to the @t.|Gladly. It is in the @p, dear @n.|Thank you for asking. Enjoy the @t!|I am sorry, the @t is gone. May I help with another?", polite, "|")
    bad = split("No. Go away, @n.|Find the @t yourself, I have better things to do.|Stop asking me about the @t all day long.|That is a stupid question.|Why should I care about the @p?|Be quiet. It is my @t, not yours.", rude, "|")
    for (i = 0; i < rows; i++) {
        n = pick(name, names); t = pick(thing, things); p = pick(place, places)
        printf "{\"prompt\": \"%s\", \"chosen\": \"%s\", \"rejected\": \"%s\"}\n", filled(pick(ask, asks), n, t, p), filled(pick(polite, good), n, t, p), filled(pick(rude, bad), n, t, p)
    }
}
