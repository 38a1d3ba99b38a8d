// Malformed patterns: each is refused before anything runs, with the JSON path of what is wrong, the value, and what to write.
#include <doctest/doctest.h>

#include <string>

#include "pattern/program.hpp"

using newproc::pattern::parse;
using newproc::pattern::Program;

namespace {

struct Case {
  const char* text;
  const char* why;
};

constexpr Case kMalformed[] = {
    {R"()",
     R"(not JSON: parse error at line 1, column 1: syntax error while parsing value - unexpected end of input; expected '[', '{', or a literal)"},
    {R"({)",
     R"(not JSON: parse error at line 1, column 2: syntax error while parsing object key - unexpected end of input; expected string literal)"},
    {R"([])",
     R"([] is no object; a pattern is {"bodies": [[op, ...], ...], ...})"},
    {R"(7)",
     R"(7 is no object; a pattern is {"bodies": [[op, ...], ...], ...})"},
    {R"(null)",
     R"(null is no object; a pattern is {"bodies": [[op, ...], ...], ...})"},
    {R"({})",
     R"(bodies: missing; give [[op, ...], ...], the first is main's)"},
    {R"({"bodies":7})",
     R"(bodies: 7 is no list of bodies)"},
    {R"({"bodies":[]})",
     R"(bodies: empty; body 0 is the main goroutine)"},
    {R"({"bodies":[7]})",
     R"(bodies[0]: 7 is no list of operations)"},
    {R"({"bodies":[[7]]})",
     R"(bodies[0][0]: 7 is no operation; write ["name", ...])"},
    {R"({"bodies":[[[]]]})",
     R"(bodies[0][0]: [] is no operation; write ["name", ...])"},
    {R"({"bodies":[[[7]]]})",
     R"(bodies[0][0][0]: 7 is no name of an operation; there are: go yield mark snap loop break return set inc atomic if assert goexit panic send recv close try select lock unlock rwlock rwunlock rlock runlock add done wait condwait signal broadcast once sleep after)"},
    {R"({"bodies":[[["jump"]]]})",
     R"(bodies[0][0][0]: no operation "jump"; there are: go yield mark snap loop break return set inc atomic if assert goexit panic send recv close try select lock unlock rwlock rwunlock rlock runlock add done wait condwait signal broadcast once sleep after)"},
    {R"({"bodies":[[["Go",0]]]})",
     R"(bodies[0][0][0]: no operation "Go"; there are: go yield mark snap loop break return set inc atomic if assert goexit panic send recv close try select lock unlock rwlock rwunlock rlock runlock add done wait condwait signal broadcast once sleep after)"},
    {R"({"bodies":[[["send",0,1]]]})", R"(bodies[0][0][1]: no channel 0; the pattern has 0; raise "chans")"},
    {R"({"chans":[0],"bodies":[[["send",0]]]})", R"(bodies[0][0]: "send" has 1 arguments; write ["send", channel, number])"},
    {R"({"bodies":[[["lock",0]]]})", R"(bodies[0][0][1]: no mutex 0; the pattern has 0; raise "mutexes")"},
    {R"({"mutexes":1,"bodies":[[["rlock",0]]]})", R"(bodies[0][0][1]: no rwmutex 0; the pattern has 0; raise "rwmutexes")"},
    {R"({"bodies":[[["wait",2]]]})", R"(bodies[0][0][1]: no waitgroup 2; the pattern has 0; raise "waitgroups")"},
    {R"({"conds":1,"bodies":[[["signal",1]]]})", R"(bodies[0][0][1]: no cond 1; the pattern has 1; raise "conds")"},
    {R"({"bodies":[[["once",0,[]]]]})", R"(bodies[0][0][1]: no once 0; the pattern has 0; raise "onces")"},
    {R"({"onces":1,"bodies":[[["once",0,5]]]})", R"(bodies[0][0][2]: 5 is no list of operations)"},
    {R"({"bodies":[[["sleep","x"]]]})", R"(bodies[0][0][1]: "x" is no integer)"},
    {R"({"bodies":[[["try"]]]})",
     R"(bodies[0][0]: "try" has 0 arguments; write ["try", "send", channel, number] or ["try", "recv", channel])"},
    {R"({"chans":[0],"bodies":[[["try","close",0]]]})", R"(bodies[0][0][1]: "close" is neither "send" nor "recv")"},
    {R"({"chans":[0],"bodies":[[["try","send",0]]]})",
     R"(bodies[0][0]: "try" has 2 arguments; write ["try", "send", channel, number] or ["try", "recv", channel])"},
    {R"({"bodies":[[["select",[]]]]})",
     R"(bodies[0][0]: "select" has 1 arguments; write ["select", [["recv", channel, [op, ...]], ["send", channel, number, [op, ...]], ...], [op, ...] or null])"},
    {R"({"bodies":[[["select",3,null]]]})", R"(bodies[0][0][1]: 3 is no list of cases)"},
    {R"({"chans":[0],"bodies":[[["select",[["recv",0]],null]]]})",
     R"(bodies[0][0][1][0]: a case of 2 parts; write ["recv", channel, [op, ...]] or ["send", channel, number, [op, ...]])"},
    {R"({"chans":[0],"bodies":[[["select",[["recv",0,[]],["send",3,1,[]]],null]]]})",
     R"(bodies[0][0][1][1][1]: no channel 3; the pattern has 1; raise "chans")"},
    {R"({"chans":[0],"bodies":[[["select",[["recv",0,[["go",4]]]],null]]]})",
     R"(bodies[0][0][1][0][2][0][1]: no body 4; the pattern has 1)"},
    {R"({"chans":[1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000,1000000],"bodies":[[]]})",
     R"(chans: capacities of 68000000 together; the most is 67108864)"},
    {R"({"bodies":[[["go"]]]})",
     R"(bodies[0][0]: "go" has 0 arguments; write ["go", body])"},
    {R"({"bodies":[[["go",0,1]]]})",
     R"(bodies[0][0]: "go" has 2 arguments; write ["go", body])"},
    {R"({"bodies":[[],[],[["yield"],["yield"],["yield"],["yield"],["yield"],["go",9]],[]]})",
     R"(bodies[2][5][1]: no body 9; the pattern has 4)"},
    {R"({"bodies":[[["go",-1]]]})",
     R"(bodies[0][0][1]: no body -1; the pattern has 1)"},
    {R"({"bodies":[[["go","a"]]]})",
     R"(bodies[0][0][1]: "a" is no integer)"},
    {R"({"bodies":[[["go",1.5]]]})",
     R"(bodies[0][0][1]: 1.5 is no integer)"},
    {R"({"bodies":[[["go",18446744073709551615]]]})",
     R"(bodies[0][0][1]: 18446744073709551615 is outside of 64 bits)"},
    {R"({"bodies":[[["go",99999999999999999999999]]]})",
     R"(bodies[0][0][1]: 9.999999999999999e+22 is outside of 64 bits)"},
    {R"({"bodies":[[["yield",1]]]})",
     R"(bodies[0][0]: "yield" has 1 arguments; write ["yield"])"},
    {R"({"bodies":[[["mark"]]]})",
     R"(bodies[0][0]: "mark" has 0 arguments; write ["mark", number])"},
    {R"({"bodies":[[["mark",null]]]})",
     R"(bodies[0][0][1]: null is no integer)"},
    {R"({"bodies":[[["set",0,1]]]})",
     R"(bodies[0][0][1]: no variable 0; the pattern has 0; raise "vars")"},
    {R"({"vars":1,"bodies":[[["inc",1]]]})",
     R"(bodies[0][0][1]: no variable 1; the pattern has 1; raise "vars")"},
    {R"({"vars":2,"bodies":[[["atomic",0]]]})",
     R"(bodies[0][0]: "atomic" has 1 arguments; write ["atomic", variable, number])"},
    {R"({"bodies":[[["loop",3]]]})",
     R"(bodies[0][0]: "loop" has 1 arguments; write ["loop", number, [op, ...]])"},
    {R"({"bodies":[[["loop",3,7]]]})",
     R"(bodies[0][0][2]: 7 is no list of operations)"},
    {R"({"bodies":[[["loop","x",[]]]]})",
     R"(bodies[0][0][1]: "x" is no integer)"},
    {R"({"bodies":[[["loop",2,[["loop",2,[["go",4]]]]]]]})",
     R"(bodies[0][0][2][0][2][0][1]: no body 4; the pattern has 1)"},
    {R"({"vars":1,"bodies":[[["if",0,1,[]]]]})",
     R"(bodies[0][0]: "if" has 3 arguments; write ["if", variable, number, [op, ...], [op, ...]])"},
    {R"({"vars":1,"bodies":[[["if",0,1,[["no"]],[]]]]})",
     R"(bodies[0][0][3][0][0]: no operation "no"; there are: go yield mark snap loop break return set inc atomic if assert goexit panic send recv close try select lock unlock rwlock rwunlock rlock runlock add done wait condwait signal broadcast once sleep after)"},
    {R"({"vars":1,"bodies":[[["if",0,1,[],{}]]]})",
     R"(bodies[0][0][4]: {} is no list of operations)"},
    {R"({"vars":-1,"bodies":[[]]})",
     R"(vars: -1 is outside of 0 to 1000000)"},
    {R"({"vars":1000000000,"bodies":[[]]})",
     R"(vars: 1000000000 is outside of 0 to 1000000)"},
    {R"({"vars":"3","bodies":[[]]})",
     R"(vars: "3" is no integer)"},
    {R"({"mutexes":-2,"bodies":[[]]})",
     R"(mutexes: -2 is outside of 0 to 1000000)"},
    {R"({"chans":3,"bodies":[[]]})",
     R"(chans: 3 is no list of capacities)"},
    {R"({"chans":[-1],"bodies":[[]]})",
     R"(chans[0]: capacity -1 is outside of 0 to 1000000)"},
    {R"({"vars":1,"atomics":[1],"bodies":[[]]})",
     R"(atomics[0]: no variable 1; the pattern has 1; raise "vars")"},
    {R"({"atomics":{},"bodies":[[]]})",
     R"(atomics: {} is no list of variables)"},
    {R"({"name":7,"bodies":[[]]})",
     R"(name: 7 is no text)"},
    {R"({"vars":1,"vars":2,"bodies":[[]]})",
     R"(key "vars" is there twice)"},
    {R"({"bodies":[[]]} x)",
     R"(not JSON: parse error at line 1, column 17: syntax error while parsing value - invalid literal; last read: '"bodies":[[]]} x'; expected end of input)"},

    // Version 2
    {R"({"version":3,"bodies":[[]]})",
     R"(version: 3 is not known; there are 1 and 2)"},
    {R"({"version":"2","bodies":[[]]})",
     R"(version: "2" is no integer)"},
    {R"({"bodies":[[["range",0,[]]]]})",
     R"(bodies[0][0][0]: operation "range" is of version 2; add "version": 2 to the pattern)"},
    {R"({"bodies":[[["go",0,1]]]})",
     R"(bodies[0][0]: "go" has 2 arguments; write ["go", body])"},
    {R"({"chans":[null],"bodies":[[]]})",
     R"(chans[0]: null is no integer)"},
    {R"({"version":2,"chans":["a"],"bodies":[[]]})",
     R"(chans[0]: "a" is no integer)"},
    {R"({"version":2,"bodies":[[["range",0,[]]]]})",
     R"(bodies[0][0][1]: no channel 0; the pattern has 0; raise "chans")"},
    {R"({"version":2,"chans":[0],"bodies":[[["range",0]]]})",
     R"(bodies[0][0]: "range" has 1 arguments; write ["range", channel, [op, ...]] or ["range", channel, variable or null, [op, ...]])"},
    {R"({"version":2,"chans":[0],"bodies":[[["recv",0,1]]]})",
     R"(bodies[0][0][2]: no variable 1; the pattern has 0; raise "vars")"},
    {R"({"version":2,"chans":[0],"bodies":[[["recv",0,null,null,null]]]})",
     R"(bodies[0][0]: "recv" has 4 arguments; write ["recv", channel] or ["recv", channel, variable or null] or ["recv", channel, variable or null, variable or null])"},
    {R"({"version":2,"chans":[0],"bodies":[[["send",0,"x"]]]})",
     R"(bodies[0][0][2]: "x" is no value; write a number or ["var", variable])"},
    {R"({"version":2,"chans":[0],"bodies":[[["send",0,["var",3]]]]})",
     R"(bodies[0][0][2][1]: no variable 3; the pattern has 0; raise "vars")"},
    {R"({"version":2,"vars":1,"bodies":[[["if",0,"=",1,[],[]]]]})",
     R"(bodies[0][0][2]: "=" is no comparison; there are: == != < <= > >=)"},
    {R"({"version":2,"vars":1,"bodies":[[["while",0,"<"]]]})",
     R"(bodies[0][0]: "while" has 2 arguments; write ["while", variable, "==", number, [op, ...]])"},
    {R"({"version":2,"bodies":[[["choose"]]]})",
     R"(bodies[0][0]: "choose" has 0 arguments; write ["choose", [op, ...], [op, ...], ...])"},
    {R"({"version":2,"bodies":[[["choose",[],7]]]})",
     R"(bodies[0][0][2]: 7 is no list of operations)"},
    {R"({"version":2,"bodies":[[["recover"]]]})",
     R"(bodies[0][0]: "recover" stands outside of a defer; put it directly into the list of a "defer")"},
    {R"({"version":2,"bodies":[[["defer",[["func",[["recover"]]]]]]]})",
     R"(bodies[0][0][1][0][1][0]: "recover" stands outside of a defer; put it directly into the list of a "defer")"},
    {R"({"version":2,"bodies":[[["loop",1,[["defer",[]]]]]]})",
     R"(bodies[0][0][2][0]: "defer" stands in the list of a loop, a branch, a select or a defer; put it directly into the list of a body, a func or a once)"},
    {R"({"version":2,"bodies":[[["defer",[["defer",[]]]]]]})",
     R"(bodies[0][0][1][0]: "defer" stands in the list of a loop, a branch, a select or a defer; put it directly into the list of a body, a func or a once)"},
    {R"({"version":2,"bodies":[[["panic",5]]]})",
     R"(bodies[0][0][1]: 5 is no text of at most 120 bytes)"},
    {R"({"version":2,"bodies":[[["lock","$0"]]]})",
     R"(bodies[0][0][1]: no slot 0; the body has 0; name its kind in "slots")"},
    {R"({"version":2,"slots":[["var"]],"bodies":[[["lock","$0"]]]})",
     R"(bodies[0][0][1]: slot 0 holds a variable, not a mutex)"},
    {R"({"version":2,"slots":[["var"]],"bodies":[[["lock","$x"]]]})",
     R"(bodies[0][0][1]: "$x" names no slot; write "$0", "$1", ...)"},
    {R"({"version":2,"slots":[["var"]],"bodies":[[["lock","$01"]]]})",
     R"(bodies[0][0][1]: "$01" names no slot; write "$0", "$1", ...)"},
    {R"({"version":2,"slots":[["thing"]],"bodies":[[]]})",
     R"(slots[0][0]: "thing" is no kind; there are: chan mutex rwmutex waitgroup cond once var timer context)"},
    {R"({"version":2,"slots":[[],[]],"bodies":[[]]})",
     R"(slots: 2 lists for 1 bodies)"},
    {R"({"version":2,"slots":7,"bodies":[[]]})",
     R"(slots: 7 is no list of lists of kinds, one for each body)"},
    {R"({"version":2,"slots":[[],["chan"]],"bodies":[[["go",1,0,0]],[]]})",
     R"(bodies[0][0]: 2 arguments for body 1, which has 1 slots; name their kinds in "slots")"},
    {R"({"version":2,"slots":[[],["chan"]],"bodies":[[["go",1,0]],[]]})",
     R"(bodies[0][0][2]: no channel 0; the pattern has 0; raise "chans")"},
    {R"({"version":2,"slots":[[],["chan"]],"bodies":[[["go",1,["value",3]]],[]]})",
     R"(bodies[0][0][2]: ["value",3] is no integer)"},
    {R"({"version":2,"slots":[["chan"]],"bodies":[[["new","$0"]]]})",
     R"(bodies[0][0][1]: "new" makes no channel; use "chan")"},
    {R"({"version":2,"slots":[["mutex"]],"mutexes":1,"bodies":[[["cond","$0",["mutex",0]]]]})",
     R"(bodies[0][0][1]: slot 0 holds no cond)"},
    {R"({"version":2,"slots":[["cond"]],"bodies":[[["cond","$0",["once",0]]]]})",
     R"(bodies[0][0][2]: ["once",0] is no locker; write ["mutex", mutex], ["rwmutex", rwmutex] or ["rlocker", rwmutex])"},
    {R"({"version":2,"conds":[["mutex",0]],"bodies":[[]]})",
     R"(conds[0][1]: no mutex 0; the pattern has 0; raise "mutexes")"},
    {R"({"version":2,"conds":["m"],"bodies":[[]]})",
     R"(conds[0]: "m" is no locker; write ["mutex", mutex], ["rwmutex", rwmutex] or ["rlocker", rwmutex])"},
    {R"({"version":2,"timers":1,"bodies":[[["recv",["timer",1]]]]})",
     R"(bodies[0][0][1][1]: no timer 1; the pattern has 1; raise "timers")"},
    {R"({"version":2,"timers":1,"bodies":[[["afterfunc",0,10,3]]]})",
     R"(bodies[0][0][3]: no body 3; the pattern has 1)"},
    {R"({"version":2,"timers":1,"bodies":[[["send",["timer",0],1]]]})",
     R"(bodies[0][0][1]: ["timer",0] is no integer)"},
    {R"({"version":2,"vars":1,"bodies":[[["cas",0,1,2]]]})",
     R"(bodies[0][0]: "cas" has 3 arguments; write ["cas", variable, number, number, variable])"},
    {R"({"version":2,"chans":[0],"bodies":[[["select",[["recv",0,0,0,0,[]]],null]]]})",
     R"(bodies[0][0][1][0]: a case of 6 parts; write ["recv", channel, variable or null, variable or null, [op, ...]], without variables that are not wanted, or ["send", channel, number, [op, ...]])"},
    {R"({"version":2,"chans":[0],"bodies":[[["chan",0,-2]]]})",
     R"(bodies[0][0][2]: capacity -2 is outside of 0 to 1000000)"},
};

std::string why_not(const std::string& text) {
  Program program;
  std::string why;
  return parse(text.data(), text.size(), program, why) ? "it was accepted" : why;
}

}  // namespace

TEST_SUITE("pattern parser") {
  TEST_CASE("what is wrong is named by its path") {
    for (const Case& each : kMalformed) {
      CAPTURE(each.text);
      CHECK(why_not(each.text) == each.why);
    }
  }

  TEST_CASE("text that is no JSON, or no text") {
    CHECK(why_not("{\"bodies\":[[[\"\xff\"]]]}").find("ill-formed UTF-8") != std::string::npos);
    CHECK(why_not(std::string("{\"bodies\":[[]]}\0", 16)) ==
          "byte 15 is NUL; give the length without the terminator");
  }

  TEST_CASE("brackets nest up to a limit, and quoted ones do not count") {
    std::string open, close;
    for (int i = 0; i < 120; ++i) {
      open += "[\"loop\",1,[";
      close += "]]";
    }
    const std::string deep = "{\"bodies\":[[" + open + close + "]]}";
    const std::string brackets(500, '[');
    CHECK(why_not(deep).find("brackets nest deeper than 200 at byte") == 0);
    CHECK(why_not("{\"name\":\"" + brackets + "\",\"bodies\":[[]]}") == "it was accepted");
    CHECK(why_not(brackets).find("brackets nest deeper than") == 0);
  }

  TEST_CASE("other keys are carried along, as the language says") {
    CHECK(why_not(R"({"note": [1, {"x": 2}], "expect": "ok", "bodies": [[["yield"]]]})") == "it was accepted");
  }
}
