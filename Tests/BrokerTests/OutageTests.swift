import Testing

@testable import Broker

@Suite struct OutageTests {
  private let start = ContinuousClock.now

  @Test func `Many who miss it many times are one outage`() {
    var outage = Outage()
    #expect(outage.missed(by: "publisher", at: start) == .begins)
    #expect(outage.missed(by: "consumer", at: start) == .known)
    #expect(outage.missed(by: "publisher", at: start + .seconds(599)) == .known)
    #expect(outage.found(by: "publisher", at: start + .seconds(599)) == nil)
    #expect(outage.found(by: "consumer", at: start + .seconds(599)) == .seconds(599))
    #expect(outage.found(by: "consumer", at: start + .seconds(599)) == nil)
    #expect(outage.missed(by: "consumer", at: start + .seconds(600)) == .begins)
  }

  @Test func `Another reason is said once a minute at most`() {
    var outage = Outage()
    #expect(outage.missed(by: "publisher", "lost", at: start) == .begins)
    #expect(outage.missed(by: "publisher", "refused", at: start + .seconds(59)) == .known)
    #expect(
      outage.missed(by: "publisher", "refused", at: start + .seconds(60))
        == .goesOn(.seconds(60)))
    #expect(outage.missed(by: "publisher", "lost", at: start + .seconds(200)) == .known)
    #expect(outage.missed(by: "publisher", "refused", at: start + .seconds(200)) == .known)
  }

  @Test func `What nobody has missed for long is over`() {
    var outage = Outage()
    #expect(outage.missed(by: "work", at: start) == .begins)
    // The longest pause between two tries.
    #expect(outage.missed(by: "work", at: start + .seconds(3600)) == .goesOn(.seconds(3600)))
    #expect(outage.missed(by: "work", at: start + .seconds(10_801)) == .begins)
    #expect(outage.found(by: "work", at: start + .seconds(18_002)) == nil)
    #expect(outage.missed(by: "work", at: start + .seconds(18_003)) == .begins)
  }

  @Test func `Long one is remembered every ten minutes`() {
    var outage = Outage()
    var lines = 0
    for second in 0..<3601 {
      if outage.missed(by: "work", at: start + .seconds(second)) != .known { lines += 1 }
    }
    #expect(lines == 7)
    #expect(outage.missed(by: "work", at: start + .seconds(4200)) == .goesOn(.seconds(4200)))
  }
}
