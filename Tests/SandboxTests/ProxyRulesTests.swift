import Foundation
import Testing

@testable import sandbox

/// What becomes of bytes and connections in each mode, without a socket.
struct ProxyRulesTests {
  typealias Passage = RelayRules.Passage

  @Test(
    arguments: [
      (.pass, .toServer, Passage(forward: 10)),
      (.delay(milliseconds: 5), .toClient, Passage(forward: 10, delayMilliseconds: 5)),
      (.cut, .toServer, Passage(swallowed: 10, then: .cut)),
      (.silence(nil), .toClient, Passage(swallowed: 10)),
      (.silence(.toClient), .toClient, Passage(swallowed: 10)),
      (.silence(.toClient), .toServer, Passage(forward: 10)),
      (.halfClose(.toServer), .toServer, Passage(forward: 10, then: .halfClose(.toServer))),
      (.halfClose(.toClient), .toServer, Passage(forward: 10, then: .halfClose(.toClient))),
      (.halfClose(.toServer), .toClient, Passage(forward: 10)),
      (.cutAfter(bytes: 11, .toServer), .toServer, Passage(forward: 10)),
      (.cutAfter(bytes: 10, .toServer), .toServer, Passage(forward: 10, then: .cut)),
      (
        .cutAfter(bytes: 4, .toServer), .toServer, Passage(forward: 4, swallowed: 6, then: .cut)
      ),
      (.cutAfter(bytes: 4, .toServer), .toClient, Passage(forward: 10)),
    ] as [(ProxyMode, Way, Passage)])
  func `Ten bytes arrive`(mode: ProxyMode, way: Way, passage: Passage) {
    var rules = RelayRules(mode)
    #expect(rules.arrived(10, way) == passage)
  }

  @Test(
    arguments: [
      (.pass, .delay(milliseconds: 5), nil), (.pass, .silence(nil), nil), (.pass, .cut, .cut),
      (.pass, .halfClose(.toClient), .halfClose(.toClient)), (.cut, .pass, nil),
      (.silence(nil), .pass, .cut), (.silence(nil), .silence(nil), nil),
      (.silence(.toServer), .silence(nil), .cut),
    ] as [(ProxyMode, ProxyMode, RelayRules.Ending?)])
  func `The mode changes after bytes arrived`(
    old: ProxyMode, new: ProxyMode, ending: RelayRules.Ending?
  ) {
    var rules = RelayRules(old)
    _ = rules.arrived(1, .toServer)
    #expect(rules.change(to: new) == ending)
  }

  @Test func `A silence nobody spoke in is survived`() {
    var rules = RelayRules(.silence(nil))
    #expect(rules.change(to: .pass) == nil)
    #expect(rules.arrived(1, .toServer) == Passage(forward: 1))
  }

  @Test func `An ended way takes no more bytes`() {
    var rules = RelayRules(.pass)
    #expect(rules.change(to: .halfClose(.toServer)) == .halfClose(.toServer))
    #expect(rules.arrived(3, .toServer) == Passage(swallowed: 3))
    #expect(rules.arrived(3, .toClient) == Passage(forward: 3))
  }

  @Test func `The allowance is spent over many pieces`() {
    var rules = RelayRules(.cutAfter(bytes: 5, .toClient))
    #expect(rules.arrived(3, .toClient) == Passage(forward: 3))
    #expect(rules.arrived(3, .toClient) == Passage(forward: 2, swallowed: 1, then: .cut))
  }

  @Test(arguments: [
    (#"{"mode":"pass"}"#, ProxyMode.pass),
    (#"{"mode":"delay","ms":250}"#, .delay(milliseconds: 250)),
    (#"{"mode":"silence","way":"to_client"}"#, .silence(.toClient)),
    (#"{"mode":"cut_after","way":"to_server","bytes":7}"#, .cutAfter(bytes: 7, .toServer)),
  ])
  func `Orders are understood`(body: String, mode: ProxyMode) throws {
    #expect(try ProxyOrder.mode(parsing: Data(body.utf8)) == mode)
  }

  @Test(
    arguments: [
      ("none", .unreadable), (#"{"mode":"vanish"}"#, .unreadable),
      (#"{"mode":"pass","wya":"to_client"}"#, .unknownName("wya")),
      (#"{"mode":"delay"}"#, .incomplete(.delay)),
      (#"{"mode":"half_close"}"#, .incomplete(.halfClose)),
      (#"{"mode":"cut_after","way":"to_server","bytes":0}"#, .incomplete(.cutAfter)),
    ] as [(String, ProxyOrder.InjectedFault)])
  func `An order that would do nothing is refused`(body: String, fault: ProxyOrder.InjectedFault) {
    #expect(throws: fault) { try ProxyOrder.mode(parsing: Data(body.utf8)) }
  }
}
