#!/usr/bin/env bash
# Sequences of ConfigMgr and MDT on the command line: checked, planned, run, and refused when
# they are not what they seem.  Bad input ends with 2, soon, and without much memory.
# shellcheck source=tests/e2e/lib.bash
. "$(dirname "$0")/lib.bash"
command -v python3 >/dev/null || { echo "SKIPPED import: python3 is needed to make the files"; exit 0; }

cat >mdt.xml <<'X'
<?xml version="1.0"?>
<sequence version="3.00" name="Small" description="A small one">
  <globalVarList><variable name="Who" property="Who">world</variable></globalVarList>
  <group name="All" disable="false" continueOnError="false" description="" expand="true">
    <action></action>
    <step type="SMS_TaskSequence_SetVariableAction" name="Set" successCodeList="0 3010">
      <defaultVarList>
        <variable name="VariableName" property="VariableName">Greeting</variable>
        <variable name="VariableValue" property="VariableValue">hello %Who%</variable>
      </defaultVarList>
      <action>cscript.exe "%SCRIPTROOT%\ZTISetVariable.wsf"</action>
    </step>
    <step name="Say" successCodeList="0 7" startIn="">
      <defaultVarList><variable name="Word" property="Word">own</variable></defaultVarList>
      <action>sh -c "echo %Greeting%, %Word%; exit 7"</action>
      <condition>
        <expression type="SMS_TaskSequence_VariableConditionExpression">
          <variable name="Variable">Word</variable>
          <variable name="Operator">Equals</variable>
          <variable name="Value">own</variable>
        </expression>
      </condition>
    </step>
    <step type="BDD_InstallOS" name="Install" disable="true"><action>cscript.exe "%SCRIPTROOT%\LTIApply.wsf"</action></step>
    <step name="Not here"><action>sh -c "echo %Word%"</action></step>
    <step type="SMS_TaskSequence_PartitionDiskAction" name="Disk" continueOnError="true">
      <action>osddiskpart.exe</action>
    </step>
  </group>
</sequence>
X
run check mdt.xml
expect "check names what has no counterpart, with its place" 1 "mdt.xml:26:5: warning:" \
  "osddiskpart.exe is a part of the ConfigMgr client" "import-unsupported"
run plan mdt.xml
expect "plan reads XML" 0 "Small" "Say (RunCommandLine)" "Install (RunCommandLine): skipped, disabled"
run run mdt.xml --state state --log-dir log --events events
expect "an imported sequence runs" 0
that "a step sees its own variables and the sequence's" grep -qF "hello world, own" events
that "the step after does not see them" grep -qF '"text":"%Word%"' events
that "the step without a counterpart fails when it is reached" \
  grep -qF "a step of type SMS_TaskSequence_PartitionDiskAction cannot be done here" log/smsts.log

python3 - <<'P'
import zipfile, zlib
inner = open("mdt.xml").read().split("?>", 1)[1]
head = '<INSTANCE CLASSNAME="SMS_TaskSequencePackage"><PROPERTY NAME="Sequence"><VALUE>'
tail = "</VALUE></PROPERTY></INSTANCE>"
obj = head + "<![CDATA[" + inner + "]]>" + tail
open("utf16.xml", "wb").write(obj.encode("utf-16"))
def z(name, members, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(name, "w", method) as f:
        for path, text in members:
            f.writestr(path, text)
m = "SMS_TaskSequencePackage/P0100001/object.xml"
z("export.zip", [("Manifest.xml", "<LibraryDocument/>"), (m, obj)])
z("export.other", [(m, obj.encode("utf-16"))])
z("bomb.zip", [(m, head + " " * (300 << 20))])
z("bombs.zip", [("SMS_TaskSequencePackage/P%07d/object.xml" % i, head + " " * (15 << 20)) for i in range(30)])
z("beside.zip", [("content/big.bin", bytes(300 << 20)), (m, obj)])
z("climb.zip", [(m, obj), ("../../etc/object.xml", "x")])
z("absolute.zip", [("/etc/passwd", "x"), (m, obj)])
z("none.zip", [("readme.txt", "x")])
data = open("export.zip", "rb").read()
open("cut.zip", "wb").write(data[: len(data) // 2])
broken = bytearray(data); broken[60:200] = bytes(140)
open("broken.zip", "wb").write(broken)
open("empty.zip", "wb").write(b"")
def x(name, data):
    open(name + ".xml", "wb").write(data if isinstance(data, bytes) else data.encode())
x("truncated", inner[: len(inner) // 2])
x("laughs", '<!DOCTYPE s [<!ENTITY a "ha">' + "".join('<!ENTITY %s "%s">' % (chr(98 + i), "&%s;" % chr(97 + i) * 20) for i in range(12)) + "]><sequence><step name='&m;'/></sequence>")
x("external", '<!DOCTYPE s SYSTEM "file:///etc/passwd"><sequence/>')
x("deep", "<sequence>" + "<group name='g'>" * 10000 + "</group>" * 10000 + "</sequence>")
x("groups", "<sequence>" + "<group name='g'>" * 150 + "</group>" * 150 + "</sequence>")
x("latin", b"<sequence name='\xe4'/>")
x("utf16cut", "\ufeff<sequence/>".encode("utf-16-le")[:-1])
x("utf16bad", b"\xff\xfe<\x00s\x00\x00\xd8>\x00")
x("utf32", "<sequence/>".encode("utf-32"))
x("unknown", "<?xml version='1.0' encoding='ebcdic'?><sequence/>")
x("nul", b"<sequence>\0</sequence>")
x("huge", b"<sequence>" + b" " * (17 << 20) + b"</sequence>")
x("many", "<sequence>" + "<step/>" * 2000000 + "</sequence>")
x("attributes", "<sequence " + " ".join("a%d='1'" % i for i in range(300000)) + "/>")
v = "".join("<variable name='v%d'>1</variable>" % i for i in range(300000))
x("variables", "<sequence><step name='s'><action>c</action><defaultVarList>" + v + "</defaultVarList></step></sequence>")
x("globals", "<sequence><globalVarList>" + v + "</globalVarList></sequence>")
x("html", "<html><body/></html>")
x("nothing", "")
x("boxes", "<a>" + "&lt;b&gt;" + "&amp;lt;c&amp;gt;" + "</a>")
x("steps", "<sequence>" + "<step name='s'><action>c</action></step>" * 400000 + "</sequence>")
P
run plan utf16.xml
expect "the object of an export in UTF-16" 0 "Say (RunCommandLine)"
run plan export.zip
expect "an export" 0 "Say (RunCommandLine)"
run plan export.other
expect "an export is known by its first bytes" 0 "Say (RunCommandLine)"
run check export.zip/P0100001
expect "a place inside an export" 1 "export.zip/SMS_TaskSequencePackage/P0100001/object.xml:"
run plan beside.zip
expect "content of an export is not read" 0 "Say (RunCommandLine)"

# bad FILE PATTERN: exit code 2 within 10 seconds and 600 MiB
bad() {
  out=$(ulimit -v 614400; timeout 10 "$taskseq" plan "$1" 2>&1 </dev/null)
  code=$?
  expect "$1 is refused" 2 "$1" "$2"
}
bad bomb.zip "is too large"
bad bombs.zip "is too large"
bad climb.zip "climbs out"
bad absolute.zip "has an absolute name"
bad none.zip "there is no task sequence in this archive"
bad cut.zip "cannot be read"
bad broken.zip "cannot be read"
bad empty.zip ""
bad truncated.xml "truncated.xml:1"
bad laughs.xml "a document type declaration is not read"
bad external.xml "a document type declaration is not read"
bad deep.xml "elements nest too deep"
bad groups.xml "groups nest more than 100 deep"
bad latin.xml "latin.xml:1:17: byte 0xE4 is not UTF-8"
bad utf16cut.xml "ends in the middle of a character"
bad utf16bad.xml "half of a character"
bad utf32.xml "UTF-32 is not read"
bad unknown.xml "the encoding \"ebcdic\" is not known"
bad nul.xml "nul.xml:1:11: this is not well-formed XML"
bad huge.xml "huge.xml"
bad many.xml "many.xml:1:"
bad attributes.xml "attributes.xml:1:1: an element has too many attributes"
bad variables.xml "this list has more than 1000 variables"
bad globals.xml "this list has more than 1000 variables"
bad html.xml "there is no task sequence in this XML"
bad nothing.xml "this is not well-formed XML"
bad boxes.xml "boxes.xml:1:"
bad steps.xml "steps.xml:1:"
run run truncated.xml --state none
expect "a run of it does nothing" 2
that "not even a state" test ! -e none
finish
