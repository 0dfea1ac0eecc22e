import Ledger
import Testing

@testable import closectl

@Suite struct RejectedFileTests {
  @Test func `Rejected rows come with their reason and otherwise as they were`() throws {
    let scratch = try Scratch()
    let path = try scratch.write(
      "a,b\n1,2\n\"x, \"\"y\"\"\",4\n5,6\nbro\"ken,8\n", to: "t.csv")
    try RejectedFile(source: path).write([
      RefusedRow(line: 5, column: "a", reason: "has a quote inside"),
      RefusedRow(line: 3, column: "b", reason: "is wrong"),
    ])
    #expect(
      try scratch.read("t.csv.rejected.csv")
        == "reason,a,b\r\n" + "b: is wrong,\"x, \"\"y\"\"\",4\r\n"
        + "a: has a quote inside,\"bro\"\"ken,8\"\r\n")
    #expect(try scratch.files() == ["t.csv", "t.csv.rejected.csv"])
  }

  @Test func `A rejected file that is rejected again has one reason`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("reason,a\nold,1\n", to: "t.csv")
    try RejectedFile(source: path).write([RefusedRow(line: 2, column: "a", reason: "new")])
    #expect(try scratch.read("t.csv.rejected.csv") == "reason,a\r\na: new,1\r\n")
  }

  @Test(arguments: [
    ("plain", "plain"), ("-1.5", "-1.5"), ("12", "12"), ("=1+1", "'=1+1"),
    ("+41 44", "'+41 44"), ("@SUM(A1)", "'@SUM(A1)"), ("-cmd", "'-cmd"), ("-", "'-"),
    ("\tx", "'\tx"), ("\rx", "\"'\rx\""), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""),
    ("=a,b", "\"'=a,b\""), ("", ""),
  ])
  func `No field is a formula for a spreadsheet`(field: String, written: String) {
    #expect(String(decoding: escaped(Array(field.utf8)), as: UTF8.self) == written)
  }

  @Test func `Rejected events keep their line`() throws {
    let scratch = try Scratch()
    let path = try scratch.write("{\"id\":\"1\"}\n{\"id\":\"2\"}\n", to: "t.jsonl")
    try RejectedFile(source: path).write([RefusedRow(line: 2, column: "type", reason: "is missing")]
    )
    #expect(
      try scratch.read("t.jsonl.rejected.csv")
        == "reason,event\r\ntype: is missing,\"{\"\"id\"\":\"\"2\"\"}\"\r\n")
  }
}
