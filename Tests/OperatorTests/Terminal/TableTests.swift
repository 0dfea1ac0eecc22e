import Testing

@testable import closectl

@Suite struct TableTests {
  @Test func `Columns are aligned and lines end with text`() {
    var table = Table([.init("name"), .init("amount", .right), .init("note")])
    table.add("a", "1.00 CHF", "")
    table.add("long name", "12345.60 CHF", "x")
    #expect(
      table.lines() == [
        "name             amount  note",
        "a              1.00 CHF",
        "long name  12345.60 CHF  x",
      ])
  }

  @Test func `Titles are left out when there are none`() {
    var table = Table([.init(""), .init("", .right)])
    table.add("holds", "3")
    table.add("tax", "12")
    #expect(table.lines() == ["holds   3", "tax    12"])
  }

  @Test(arguments: [
    ("abc", 3), ("Zürich", 6), ("Zu\u{308}rich", 6), ("中文", 4), ("", 0), ("…", 1),
  ])
  func `Width is counted in cells`(text: String, cells: Int) {
    #expect(width(of: text) == cells)
  }

  @Test func `What a terminal would obey is not printed`() {
    var table = Table([.init("id")])
    table.add("a\u{1b}[31mb\nc\u{202e}d")
    #expect(table.lines() == ["id", "a\u{fffd}[31mb\u{fffd}c\u{fffd}d"])
  }

  @Test func `Colours are for terminals that want them`() {
    let wanted = Style(isTerminal: true, environment: [:])
    #expect(wanted.bad("x") == "\u{1b}[31mx\u{1b}[0m")
    #expect(Style(isTerminal: false, environment: [:]).bad("x") == "x")
    #expect(Style(isTerminal: true, environment: ["NO_COLOR": "1"]).bad("x") == "x")
    #expect(Style(isTerminal: true, environment: ["TERM": "dumb"]).bad("x") == "x")
  }

  @Test func `Clipping keeps escapes whole`() {
    #expect(clipped("abcdef", to: 4) == "abcd")
    #expect(clipped("\u{1b}[1mabc\u{1b}[0mdef", to: 4) == "\u{1b}[1mabc\u{1b}[0md")
    #expect(clipped("\u{1b}[1mabcdef\u{1b}[0m", to: 2) == "\u{1b}[1mab\u{1b}[0m")
  }

  @Test(arguments: [
    (0.0, "[........................]   0 %"), (0.5, "[############............]  50 %"),
    (0.999, "[#######################.]  99 %"), (1.0, "[########################] 100 %"),
    (7.0, "[########################] 100 %"), (-1.0, "[........................]   0 %"),
  ])
  func `The bar is full only at the end`(part: Double, bar: String) {
    #expect(ProgressBar.bar(part) == bar)
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (1_546_560, "1,546,560"), (-1000, "-1,000"),
  ])
  func `Counts are grouped`(count: Int, text: String) {
    #expect(grouped(count) == text)
  }
}
