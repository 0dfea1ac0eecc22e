import Testing

@testable import closectl

@Suite struct UnknownVerbTests {
  @Test(arguments: [
    ("close statsu 2026-11", "`closectl close statsu`; did you mean `closectl close status`?"),
    ("clsoe status 2026-11", "`closectl clsoe`; did you mean `closectl close`?"),
    ("status 2026-11", "`closectl status`; did you mean `closectl close status`?"),
    ("pyament record m-1", "`closectl pyament`; did you mean `closectl payment`?"),
    ("close audit 2026-11", "`closectl close audit`; did you mean `closectl audit`?"),
    ("record m-1", "`closectl record`; did you mean `closectl payment record`?"),
    (
      "list 2026-11",
      "`closectl list`; did you mean `closectl invoice list` or `closectl parked list` or "
        + "`closectl mail list` or `closectl dead list`?"
    ),
    ("close frobnicate", "`closectl close frobnicate`; expected one of preview, start, status"),
  ])
  func `An unknown command is named, with the one that was probably meant`(
    line: String, sentence: String
  ) {
    let unknown = UnknownVerb.found(in: line.split(separator: " ").map(String.init))
    #expect(unknown?.description.hasPrefix("there is no command \(sentence)") == true)
  }

  @Test(arguments: [
    "close status 2026-11", "--help", "help close", "close --help", "report statsu", "", "close",
  ])
  func `What names a command is left to the parser`(line: String) {
    #expect(UnknownVerb.found(in: line.split(separator: " ").map(String.init)) == nil)
  }
}
