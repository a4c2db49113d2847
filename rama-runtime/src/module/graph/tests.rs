use super::{EdgeKind, Graph, NodeId};
use crate::module::Module;
use crate::module::descriptor::*;
use crate::prelude::*;

const fn source(name: &'static str, depot: usize, on_failure: OnFailure) -> SourceDescriptor {
    SourceDescriptor {
        name,
        depot,
        returns: "",
        has_ack_return: false,
        start_from: StartFrom::Beginning,
        retry: Retry::Individual,
        max_retries: 5,
        on_failure,
        timeout_millis: None,
        docs: "",
    }
}

const fn depot(name: &'static str, record: &'static str, partitioner: PartitionerDescriptor) -> DepotDescriptor {
    DepotDescriptor {
        name,
        record,
        partitioner,
        keep: None,
        docs: "",
    }
}

const fn pstate(name: &'static str, schema: &'static str, private: bool) -> PStateDescriptor {
    PStateDescriptor {
        name,
        schema,
        owner: "sales",
        global: false,
        private,
        initial: None,
        partition_by: None,
        docs: "",
    }
}

const fn access(pstate: usize, key: &'static str, writes: bool, alignment: AlignmentDescriptor) -> AccessDescriptor {
    AccessDescriptor {
        pstate,
        key,
        writes,
        alignment,
    }
}

const fn hop(operation: &'static str, arguments: &'static str, to: usize) -> HopDescriptor {
    HopDescriptor {
        operation,
        arguments,
        each: None,
        appends: None,
        to,
    }
}

/// A loop, a branch, an append, dead letters, a segment that nothing leads to.
const SHOP: ModuleDescriptor = ModuleDescriptor {
    name: "Shop",
    docs: "Sells.",
    depots: &[
        depot("orders", "Order", PartitionerDescriptor::HashBy("|order| &order.user")),
        depot("letters", "DeadLetter<Order>", PartitionerDescriptor::Disallow),
        depot("clock", "()", PartitionerDescriptor::Tick { millis: 30_000 }),
    ],
    pstates: &[
        pstate("users", "Map<String, User>", false),
        pstate("total", "u64", true),
    ],
    topologies: &[TopologyDescriptor {
        name: "sales",
        kind: TopologyKind::Stream,
        sources: &[source("sell", 0, OnFailure::DeadLetter(1))],
        segments: &[
            SegmentDescriptor {
                source: 0,
                scope: &[],
                partitioned_by: "`order.user`",
                accesses: &[
                    access(0, "&order.user", false, AlignmentDescriptor::Proven),
                    access(0, "&friend", true, AlignmentDescriptor::Checked),
                ],
                hops: &[
                    hop("explode", "order.items", 1),
                    HopDescriptor {
                        operation: "append",
                        arguments: "self.letters.append(letter)",
                        each: None,
                        appends: Some(1),
                        to: 2,
                    },
                ],
            },
            SegmentDescriptor {
                source: 0,
                scope: &["__value", "__rama_iter2", "__rama_value7", "order.user"],
                partitioned_by: "",
                accesses: &[
                    access(1, "", true, AlignmentDescriptor::Whole),
                    access(0, "&other", true, AlignmentDescriptor::Unaligned),
                ],
                hops: &[hop("explode", "order.items", 1)],
            },
            SegmentDescriptor {
                source: 0,
                scope: &["__value"],
                partitioned_by: "task 0",
                accesses: &[],
                hops: &[],
            },
            SegmentDescriptor {
                source: 0,
                scope: &[],
                partitioned_by: "",
                accesses: &[access(1, "", false, AlignmentDescriptor::Whole)],
                hops: &[hop("explode", "order.items", 1)],
            },
        ],
    }],
};

#[test]
fn a_graph_prints_as_mermaid() {
    insta::assert_snapshot!(SHOP.graph().to_mermaid(), @r##"
    flowchart TD
      depot0(["orders<br/>Depot#60;Order#62;<br/>hash_by = #124;order#124; #38;order.user"])
      depot1(["letters<br/>Depot#60;DeadLetter#60;Order#62;#62;<br/>disallow"])
      depot2(["clock<br/>Depot#60;()#62;<br/>tick = #34;30s#34;"])
      subgraph topology0["sales"]
        topology0_segment0["sell<br/>partition#58; #96;order.user#96;"]
        topology0_segment1["segment 1"]
        topology0_segment2["segment 2<br/>partition#58; task 0"]
      end
      pstate0[("users<br/>Map#60;String, User#62;")]
      pstate1[("total<br/>u64<br/>private")]
      depot0 -->|"sell<br/>Order"| topology0_segment0
      topology0_segment0 -.->|"dead letters"| depot1
      pstate0 -.->|"reads #38;order.user"| topology0_segment0
      topology0_segment0 ==>|"writes #38;friend<br/>checked when it runs"| pstate0
      topology0_segment0 -->|"explode(order.items)<br/>carries the item, the loop, a temporary, order.user"| topology0_segment1
      topology0_segment0 -.->|"append"| depot1
      topology0_segment0 -->|"self.letters.append(letter)<br/>carries the result"| topology0_segment2
      topology0_segment1 ==>|"writes<br/>this task's partition"| pstate1
      topology0_segment1 ==>|"writes #38;other<br/>unaligned"| pstate0
      topology0_segment1 -->|"explode(order.items)<br/>carries the item, the loop, a temporary, order.user"| topology0_segment1
    "##);
}

#[test]
fn a_graph_prints_as_dot() {
    insta::assert_snapshot!(SHOP.graph().to_dot(), @r##"
    digraph "Shop" {
      graph [fontname="monospace", fontsize=11, newrank=true];
      node [fontname="monospace", fontsize=11, shape=box];
      edge [fontname="monospace", fontsize=10];
      depot0 [style=rounded, label="orders\nDepot<Order>\nhash_by = |order| &amp;order.user"];
      depot1 [style=rounded, label="letters\nDepot<DeadLetter<Order>>\ndisallow"];
      depot2 [style=rounded, label="clock\nDepot<()>\ntick = \"30s\""];
      subgraph cluster_topology0 {
        label="sales";
        style=dashed;
        topology0_segment0 [label="sell\npartition: `order.user`"];
        topology0_segment1 [label="segment 1"];
        topology0_segment2 [label="segment 2\npartition: task 0"];
      }
      pstate0 [shape=cylinder, label="users\nMap<String, User>"];
      pstate1 [shape=cylinder, label="total\nu64\nprivate"];
      depot0 -> topology0_segment0 [label="sell\nOrder"];
      topology0_segment0 -> depot1 [style=dotted, label="dead letters"];
      pstate0 -> topology0_segment0 [style=dashed, label="reads &amp;order.user"];
      topology0_segment0 -> pstate0 [style=bold, label="writes &amp;friend\nchecked when it runs"];
      topology0_segment0 -> topology0_segment1 [label="explode(order.items)\ncarries the item, the loop, a temporary, order.user"];
      topology0_segment0 -> depot1 [style=dotted, label="append"];
      topology0_segment0 -> topology0_segment2 [label="self.letters.append(letter)\ncarries the result"];
      topology0_segment1 -> pstate1 [style=bold, label="writes\nthis task's partition"];
      topology0_segment1 -> pstate0 [style=bold, label="writes &amp;other\nunaligned"];
      topology0_segment1 -> topology0_segment1 [label="explode(order.items)\ncarries the item, the loop, a temporary, order.user"];
    }
    "##);
}

#[test]
fn a_graph_prints_as_json() {
    insta::assert_snapshot!(SHOP.graph().to_json(), @r##"
    {
      "module": "Shop",
      "docs": "Sells.",
      "depots": [
        {
          "id": "depot0",
          "name": "orders",
          "record": "Order",
          "partitioner": "hash_by = |order| &order.user",
          "docs": ""
        },
        {
          "id": "depot1",
          "name": "letters",
          "record": "DeadLetter<Order>",
          "partitioner": "disallow",
          "docs": ""
        },
        {
          "id": "depot2",
          "name": "clock",
          "record": "()",
          "partitioner": "tick = \"30s\"",
          "docs": ""
        }
      ],
      "topologies": [
        {
          "name": "sales",
          "kind": "stream",
          "sources": [
            {
              "name": "sell",
              "depot": "depot0",
              "entry": "topology0_segment0",
              "returns": "",
              "docs": ""
            }
          ],
          "segments": [
            {
              "id": "topology0_segment0",
              "source": "sell",
              "entry": true,
              "partitioned_by": "`order.user`"
            },
            {
              "id": "topology0_segment1",
              "source": "sell",
              "entry": false,
              "partitioned_by": ""
            },
            {
              "id": "topology0_segment2",
              "source": "sell",
              "entry": false,
              "partitioned_by": "task 0"
            }
          ]
        }
      ],
      "pstates": [
        {
          "id": "pstate0",
          "name": "users",
          "schema": "Map<String, User>",
          "owner": "sales",
          "global": false,
          "private": false,
          "docs": ""
        },
        {
          "id": "pstate1",
          "name": "total",
          "schema": "u64",
          "owner": "sales",
          "global": false,
          "private": true,
          "docs": ""
        }
      ],
      "edges": [
        {
          "from": "depot0",
          "to": "topology0_segment0",
          "kind": "source",
          "source": "sell",
          "record": "Order"
        },
        {
          "from": "topology0_segment0",
          "to": "depot1",
          "kind": "dead_letter"
        },
        {
          "from": "pstate0",
          "to": "topology0_segment0",
          "kind": "read",
          "key": "&order.user",
          "alignment": "proven"
        },
        {
          "from": "topology0_segment0",
          "to": "pstate0",
          "kind": "write",
          "key": "&friend",
          "alignment": "checked"
        },
        {
          "from": "topology0_segment0",
          "to": "topology0_segment1",
          "kind": "hop",
          "operation": "explode",
          "arguments": "order.items",
          "carries": [
            "the item",
            "the loop",
            "a temporary",
            "order.user"
          ]
        },
        {
          "from": "topology0_segment0",
          "to": "depot1",
          "kind": "append"
        },
        {
          "from": "topology0_segment0",
          "to": "topology0_segment2",
          "kind": "hop",
          "operation": "append",
          "arguments": "self.letters.append(letter)",
          "carries": [
            "the result"
          ]
        },
        {
          "from": "topology0_segment1",
          "to": "pstate1",
          "kind": "write",
          "key": null,
          "alignment": "whole"
        },
        {
          "from": "topology0_segment1",
          "to": "pstate0",
          "kind": "write",
          "key": "&other",
          "alignment": "unaligned"
        },
        {
          "from": "topology0_segment1",
          "to": "topology0_segment1",
          "kind": "hop",
          "operation": "explode",
          "arguments": "order.items",
          "carries": [
            "the item",
            "the loop",
            "a temporary",
            "order.user"
          ]
        }
      ]
    }
    "##);
}

/// Counts words.
#[module]
struct WordCount {
    /// Lines of text.
    #[depot(random)]
    lines: Depot<String>,
    #[pstate(owner = count_words)]
    counts: PState<Map<String, u64>>,
}

topology! {
    impl WordCount {
        #[stream(source = lines)]
        async fn count_words(&mut self, line: String) {
            let word = explode(line.split_whitespace().map(str::to_owned)).await;
            hash_partition(&word).await;
            self.counts.key(&word).update(|n| *n += 1);
        }
    }
}

#[test]
fn a_real_module_prints_as_mermaid() {
    insta::assert_snapshot!(WordCount::DESCRIPTOR.graph().to_mermaid(), @r#"
    flowchart TD
      depot0(["lines<br/>Depot#60;String#62;<br/>random"])
      subgraph topology0["count_words"]
        topology0_segment0["count_words<br/>partition#58; any task"]
        topology0_segment2["segment 2<br/>partition#58; #96;word#96;"]
      end
      pstate0[("counts<br/>Map#60;String, u64#62;")]
      depot0 -->|"count_words<br/>String"| topology0_segment0
      topology0_segment0 -->|"explode(line.split_whitespace().map(str#58;#58;to_owned))<br/>hash_partition(#38;word)<br/>carries word"| topology0_segment2
      topology0_segment2 ==>|"writes word"| pstate0
    "#);
}

#[test]
fn a_real_module_prints_as_dot() {
    insta::assert_snapshot!(WordCount::DESCRIPTOR.graph().to_dot(), @r#"
    digraph "WordCount" {
      graph [fontname="monospace", fontsize=11, newrank=true];
      node [fontname="monospace", fontsize=11, shape=box];
      edge [fontname="monospace", fontsize=10];
      depot0 [style=rounded, label="lines\nDepot<String>\nrandom"];
      subgraph cluster_topology0 {
        label="count_words";
        style=dashed;
        topology0_segment0 [label="count_words\npartition: any task"];
        topology0_segment2 [label="segment 2\npartition: `word`"];
      }
      pstate0 [shape=cylinder, label="counts\nMap<String, u64>"];
      depot0 -> topology0_segment0 [label="count_words\nString"];
      topology0_segment0 -> topology0_segment2 [label="explode(line.split_whitespace().map(str::to_owned))\nhash_partition(&amp;word)\ncarries word"];
      topology0_segment2 -> pstate0 [style=bold, label="writes word"];
    }
    "#);
}

#[test]
fn a_real_module_prints_as_json() {
    insta::assert_snapshot!(WordCount::DESCRIPTOR.graph().to_json(), @r#"
    {
      "module": "WordCount",
      "docs": "Counts words.",
      "depots": [
        {
          "id": "depot0",
          "name": "lines",
          "record": "String",
          "partitioner": "random",
          "docs": "Lines of text."
        }
      ],
      "topologies": [
        {
          "name": "count_words",
          "kind": "stream",
          "sources": [
            {
              "name": "count_words",
              "depot": "depot0",
              "entry": "topology0_segment0",
              "returns": "",
              "docs": ""
            }
          ],
          "segments": [
            {
              "id": "topology0_segment0",
              "source": "count_words",
              "entry": true,
              "partitioned_by": "any task"
            },
            {
              "id": "topology0_segment2",
              "source": "count_words",
              "entry": false,
              "partitioned_by": "`word`"
            }
          ]
        }
      ],
      "pstates": [
        {
          "id": "pstate0",
          "name": "counts",
          "schema": "Map<String, u64>",
          "owner": "count_words",
          "global": false,
          "private": false,
          "docs": ""
        }
      ],
      "edges": [
        {
          "from": "depot0",
          "to": "topology0_segment0",
          "kind": "source",
          "source": "count_words",
          "record": "String"
        },
        {
          "from": "topology0_segment0",
          "to": "topology0_segment2",
          "kind": "hop",
          "operation": "hash_partition",
          "arguments": "&word",
          "each": "line.split_whitespace().map(str::to_owned)",
          "carries": [
            "word"
          ]
        },
        {
          "from": "topology0_segment2",
          "to": "pstate0",
          "kind": "write",
          "key": "word",
          "alignment": "proven"
        }
      ]
    }
    "#);
}

#[test]
fn a_graph_of_a_real_module_has_its_hops_with_what_they_carry() {
    let graph = WordCount::DESCRIPTOR.graph();
    let hops = graph.edges.iter().filter_map(|edge| match &edge.kind {
        EdgeKind::Hop {
            operation,
            each,
            carries,
            ..
        } => Some((*each, *operation, carries.as_slice())),
        _ => None,
    });
    let hops: Vec<(Option<&str>, &str, &[&str])> = hops.collect();
    let words = "line.split_whitespace().map(str::to_owned)";
    assert_eq!(hops, [(Some(words), "hash_partition", &["word"][..])]);
}

#[test]
fn segments_that_nothing_leads_to_are_left_out() {
    let graph = SHOP.graph();
    let unreached = NodeId::Segment {
        topology: 0,
        segment: 3,
    };
    assert!(
        graph.topologies[0]
            .segments
            .iter()
            .all(|segment| segment.id != unreached)
    );
    assert!(
        graph
            .edges
            .iter()
            .all(|edge| edge.from != unreached && edge.to != unreached)
    );
}

/// A graph whose every text is `text`.
fn named(text: &'static str) -> Graph {
    let mut graph = SHOP.graph();
    graph.module = text;
    for depot in &mut graph.depots {
        (depot.name, depot.record, depot.docs) = (text, text, text);
        depot.partitioner = text.to_owned();
    }
    for pstate in &mut graph.pstates {
        (pstate.name, pstate.schema, pstate.docs) = (text, text, text);
    }
    for topology in &mut graph.topologies {
        topology.name = text;
        for segment in &mut topology.segments {
            (segment.source, segment.partitioned_by) = (text, text);
        }
    }
    for edge in &mut graph.edges {
        match &mut edge.kind {
            EdgeKind::Source { source, record } => (*source, *record) = (text, text),
            EdgeKind::Hop {
                operation,
                arguments,
                each,
                carries,
            } => (*operation, *arguments, *each, *carries) = (text, text, Some(text), vec![text]),
            EdgeKind::Read { key, .. } | EdgeKind::Write { key, .. } => *key = Some(text),
            EdgeKind::Append | EdgeKind::DeadLetter => {}
        }
    }
    graph
}

/// What some format takes for its own: strings, escapes, entities, HTML, comments, directives, Markdown, keywords, lines.
const NASTY: &str = "a\"b' \\N \\ <b>&lt;</b> #quot; | %%{init: {}}%% --> [x] {y} `z` *w* __v__ $$u$$ ]]> end style x: #1;\n- 1. \u{7}é京🦀";

/// The labels of lines: what stands between unescaped quotes.
fn labels(text: &str) -> Vec<&str> {
    let mut labels: Vec<&str> = Vec::new();
    for line in text.lines() {
        let (mut start, mut escaped) = (None, false);
        for (at, character) in line.char_indices() {
            match (character, start) {
                ('"', None) => start = Some(at + 1),
                ('"', Some(from)) if !escaped => {
                    labels.push(&line[from..at]);
                    start = None;
                }
                _ => {}
            }
            escaped = character == '\\' && !escaped;
        }
        assert_eq!(start, None, "a quote is open at the end of {line}");
    }
    labels
}

#[test]
fn mermaid_has_an_entity_for_all_that_could_mean_something() {
    let (plain, nasty) = (named("plain").to_mermaid(), named(NASTY).to_mermaid());
    let (plain, nasty) = (labels(&plain), labels(&nasty));
    assert_eq!(plain.len(), nasty.len());
    for label in &nasty {
        let rest = label.replace("<br/>", "");
        let mut parts = rest.split('#');
        let outside = parts.next().unwrap().to_owned()
            + &parts
                .map(|part| {
                    let (number, after) = part.split_once(';').unwrap();
                    assert!(number.parse::<u32>().is_ok(), "{label}");
                    after
                })
                .collect::<String>();
        let safe = |character: char| character.is_alphanumeric() || " .,()'-+=!?/_🦀".contains(character);
        assert!(outside.chars().all(safe), "{outside}");
    }
    // What the entities say is what was written.
    let mut read = String::new();
    let mut rest = *nasty.first().unwrap();
    while let Some((before, after)) = rest.split_once('#') {
        let (number, after) = after.split_once(';').unwrap();
        read += before;
        read.push(char::from_u32(number.parse().unwrap()).unwrap());
        rest = after;
    }
    read += rest;
    let expected = NASTY.replace('\n', "<br/>").replace('\u{7}', " ");
    assert!(read.starts_with(&expected), "{read}");
}

#[test]
fn dot_strings_hold_whatever_was_written() {
    let (plain, nasty) = (named("plain").to_dot(), named(NASTY).to_dot());
    assert_eq!(labels(&plain).len(), labels(&nasty).len());
    let (mut read, mut characters) = (String::new(), labels(&nasty)[0].chars());
    while let Some(character) = characters.next() {
        read.push(match character {
            '\\' => match characters.next().unwrap() {
                'n' => '\n',
                escaped => escaped,
            },
            character => character,
        });
    }
    assert_eq!(read.replace("&amp;", "&"), NASTY.replace('\u{7}', " "));
}

#[test]
fn json_reads_back_as_what_was_written() {
    let read: serde_json::Value = serde_json::from_str(&named(NASTY).to_json()).unwrap();
    assert_eq!(read["module"], NASTY);
    assert_eq!(read["topologies"][0]["segments"][0]["partitioned_by"], NASTY);
    let kinds: Vec<&str> = read["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| edge["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        [
            "source",
            "dead_letter",
            "read",
            "write",
            "hop",
            "append",
            "hop",
            "write",
            "write",
            "hop"
        ]
    );
    assert_eq!(read["edges"][3]["alignment"], "checked");
    let read: serde_json::Value = serde_json::from_str(&SHOP.graph().to_json()).unwrap();
    assert_eq!(read["edges"][3]["key"], "&friend");
    assert_eq!(read["edges"][7]["key"], serde_json::Value::Null);
}

#[test]
fn every_edge_joins_nodes_of_the_graph() {
    let graph = SHOP.graph();
    let segments = graph.topologies.iter().flat_map(|topology| &topology.segments);
    let nodes: Vec<NodeId> = (graph.depots.iter().map(|depot| depot.id))
        .chain(graph.pstates.iter().map(|pstate| pstate.id))
        .chain(segments.map(|segment| segment.id))
        .collect();
    assert!(
        graph
            .edges
            .iter()
            .all(|edge| nodes.contains(&edge.from) && nodes.contains(&edge.to))
    );
}
