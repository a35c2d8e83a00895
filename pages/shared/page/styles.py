"""The few rules of CSS that Streamlit's theme has no setting for; colours follow the theme."""

CSS = """<style>
[data-testid="stMainBlockContainer"] {padding-left: 3.2rem; padding-right: 3.2rem; max-width: 100rem;}
@media (max-width: 1100px) {[data-testid="stMainBlockContainer"] {padding-left: 1.6rem; padding-right: 1.6rem;}}
[data-testid="stSidebarHeader"] {height: 1.2rem; min-height: 1.2rem; padding: 0.2rem 1rem 0;}
[data-testid="stSidebarUserContent"] {padding-top: 0.4rem; padding-bottom: 1.2rem;}
[data-testid="stSidebar"] [data-testid="stVerticalBlock"] {gap: 0.25rem;}
[data-testid="stSidebar"] [data-testid="stPageLink-NavLink"] {padding: 0.12rem 0.6rem;}
.st-key-oc-pickers {border-top: 1px solid color-mix(in srgb, currentColor 15%, transparent); margin-top: 0.9rem;
  padding-top: 0.9rem;}
.st-key-oc-pickers > [data-testid="stVerticalBlock"], .st-key-oc-pickers {gap: 0.6rem !important;}
.oc-wordmark {display: flex; gap: 0.55rem; align-items: center; font-family: "Source Serif", Georgia, serif;
  font-size: 1.35rem; font-weight: 600; letter-spacing: -0.01em;}
.oc-tagline {opacity: 0.78; font-size: 0.85rem; margin: 0.1rem 0 0.5rem 0;}
.oc-group {font-size: 0.75rem; letter-spacing: 0.06em; text-transform: uppercase; opacity: 0.78; font-weight: 600;
  margin: 0.55rem 0 0.05rem 0;}
.oc-model {display: flex; gap: 0.5rem; font-size: 0.8rem; line-height: 1.3; margin-bottom: 0.35rem;}
.oc-model i {flex: none; width: 0.7rem; height: 0.7rem; border-radius: 2px; margin-top: 0.22rem;}
.oc-model span {overflow-wrap: anywhere; opacity: 0.9;}
.oc-model b {font-weight: 600;}
.oc-tiles {display: flex; flex-wrap: wrap; gap: 0.9rem;}
.oc-tile {flex: 1 1 10.2rem; max-width: 24rem; box-sizing: border-box; border-radius: 0.45rem;
  border: 1px solid color-mix(in srgb, currentColor 17%, transparent);
  padding: 0.75rem 0.95rem 0.7rem;}
.oc-tile .label {font-size: 0.85rem; opacity: 0.75;}
.oc-tile .value {font-size: 1.95rem; line-height: 1.25; font-feature-settings: "tnum";}
.oc-tile .chip {display: inline-block; font-size: 0.82rem; padding: 0.02rem 0.45rem; border-radius: 0.7rem;
  margin-right: 0.35rem; background: color-mix(in srgb, currentColor 8%, transparent);}
.oc-tile.is-thin .value {font-size: 1.15rem; opacity: 0.75; line-height: 2.1;}
.oc-tile .thin {display: inline-block; font-size: 0.78rem; padding: 0 0.4rem;
  border-radius: 0.7rem; border: 1px dashed currentColor;}
.st-key-oc-behaviour {position: absolute; width: 0; height: 0; overflow: hidden;}
.oc-tile .also {font-size: 0.8rem; margin-top: 0.3rem; opacity: 0.85; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis;}
.oc-tile .also i {display: inline-block; width: 0.55rem; height: 0.55rem; border-radius: 2px; margin-right: 0.35rem;}
.st-key-oc-finding p {font-size: 1.07rem; line-height: 1.5;}
[class*="st-key-oc-unlike-"] {flex-direction: row !important; align-items: center; gap: 0.6rem !important;
  border-left: 3px solid #B26A00; padding-left: 0.7rem;}
[class*="st-key-oc-unlike-"] button {min-height: 1.5rem; padding: 0 0.3rem; white-space: nowrap;}
.oc-identity {font-size: 0.8rem; opacity: 0.78; border-top: 1px solid color-mix(in srgb, currentColor 15%, transparent);
  padding-top: 0.6rem; overflow-wrap: anywhere;}
.oc-top {font-size: 0.87rem;}
.oc-top .head {font-weight: 600; margin-bottom: 0.25rem; overflow-wrap: anywhere;}
.oc-top .row {display: grid; grid-template-columns: minmax(0, 9.5rem) 1fr 3.1rem; gap: 0.5rem; align-items: center;
  margin: 0.14rem 0;}
.oc-top .name {white-space: nowrap; overflow: hidden; text-overflow: ellipsis;}
.oc-top .bar {height: 0.62rem; border-radius: 2px; background: color-mix(in srgb, currentColor 9%, transparent);}
.oc-top .bar i {display: block; height: 100%; border-radius: 2px;}
.oc-top .share {text-align: right; font-feature-settings: "tnum"; opacity: 0.85;}
.oc-top .rank {font-size: 0.78rem; margin-top: 0.3rem; opacity: 0.8;}
.oc-top .row.truth {grid-template-columns: minmax(0, 9.5rem) 1fr;}
.oc-image-title {font-size: 1.35rem !important; padding: 0.2rem 0 0.3rem !important; margin: 0;}
.oc-image-title small {font-size: 0.95rem; font-weight: 400; font-family: "Source Sans", sans-serif;}
.oc-busy {position: relative;} .oc-busy img {width: 100%; display: block; border-radius: 0.3rem;}
.oc-busy span {position: absolute; inset: auto 0 0 0; padding: 0.35rem 0.6rem; font-size: 0.85rem; color: #FFFFFF;
  background: rgba(20, 25, 31, 0.78); animation: oc-pulse 1.2s ease-in-out infinite;}
@keyframes oc-pulse {50% {opacity: 0.55;}}
@media (prefers-reduced-motion: reduce) {.oc-busy span {animation: none;}}
.oc-scale {display: flex; gap: 0.5rem; align-items: center; font-size: 0.78rem; font-feature-settings: "tnum";}
.oc-scale i {flex: 1; height: 0.6rem; border-radius: 2px; border: 1px solid rgba(128, 128, 128, 0.5);}
.oc-scale-of {font-size: 0.78rem; opacity: 0.8;}
.oc-facts {margin: 0 !important; padding: 0 !important; display: grid; grid-template-columns: max-content 1fr;
  gap: 0.12rem 1rem; font-size: 0.87rem;}
.oc-facts dt {opacity: 0.78;} .oc-facts dd {margin: 0; overflow-wrap: anywhere;}
.oc-mistake {font-size: 1.02rem; margin-bottom: 0.35rem;}
.oc-text-card {aspect-ratio: 4 / 3; display: flex; flex-direction: column; align-items: center; justify-content: center;
  gap: 0.35rem; text-align: center; padding: 1.2rem; border-radius: 0.45rem; font-size: 1.35rem;
  font-family: "Source Serif", Georgia, serif; background: color-mix(in srgb, currentColor 6%, transparent);}
.oc-no-picture {aspect-ratio: 1; display: flex; align-items: center; justify-content: center; text-align: center;
  padding: 1.2rem; border-radius: 0.45rem; font-size: 0.85rem; overflow-wrap: anywhere; overflow: hidden;
  background: color-mix(in srgb, currentColor 8%, transparent);}
.oc-no-picture span {opacity: 0.85;}
.oc-text-card i {font-size: 0.9rem; opacity: 0.78;}
.oc-text-card small {font-family: "Source Sans", sans-serif; font-size: 0.78rem; opacity: 0.78; margin-top: 0.8rem;}
.oc-right {color: light-dark(#1F7D5C, #45C197); font-weight: 700;}
.oc-wrong {color: light-dark(#B83A32, #EE7D75); font-weight: 700;}
[data-testid="stMainBlockContainer"], .st-key-oc-left {container-type: inline-size;}
@container (max-width: 58rem) {
  .oc-tiles:has(> :nth-child(5):last-child) > * {flex-basis: 28%;}
  .oc-tiles:has(> :nth-child(5):last-child) > :nth-child(n+4) {flex-basis: 40%; max-width: none;}
}
[class*="st-key-oc-figures"] {display: grid !important; gap: 0.8rem;
  grid-template-columns: minmax(0, 1fr);}
@container (min-width: 40rem) {
  [class*="st-key-oc-figures"] {
    grid-template-columns: repeat(2, minmax(0, 1fr));}
  .st-key-oc-figures > :last-child:nth-child(odd), [class*="st-key-oc-figures-wide"] > :last-child:nth-child(odd),
  [class*="st-key-oc-figures"] > :has(> .st-key-oc-whole-row), .st-key-oc-whole-row {grid-column: 1 / -1;}
}
@container (min-width: 64rem) {
  .st-key-oc-figures {grid-template-columns: repeat(6, minmax(0, 1fr));}
  .st-key-oc-figures > *, .st-key-oc-figures > :last-child:nth-child(odd) {grid-column: span 2;}
  .st-key-oc-figures > :first-child:last-child {grid-column: 1 / -1;}
  .st-key-oc-figures:has(> :nth-child(2):last-child) > *, .st-key-oc-figures:has(> :nth-child(4):last-child) > *,
  .st-key-oc-figures:has(> :nth-child(5):last-child) > :nth-child(-n+2) {grid-column: span 3;}
}
@container (max-width: 36rem) {
  .st-key-oc-figure-profile {overflow-x: auto;}
  .st-key-oc-figure-profile > * {min-width: 36rem;}
}
.st-key-oc-work {display: grid !important; gap: 1.2rem; grid-template-columns: minmax(0, 1fr);}
.st-key-oc-right:not(:has(.st-key-oc-dock)) {display: none;}
.st-key-oc-dock {border: 1px solid color-mix(in srgb, currentColor 17%, transparent); border-radius: 0.45rem;
  padding: 0.7rem 0.9rem 0.9rem; scroll-margin-top: 1rem;}
.st-key-oc-dock h3 {font-size: 1.05rem; padding: 0;}
@media (min-width: 1280px) {
  .st-key-oc-work:has(.st-key-oc-dock) {grid-template-columns: minmax(0, 1fr) 26rem;}
  .st-key-oc-work > :has(.st-key-oc-dock) {position: sticky; top: 1rem; align-self: start;}
  .st-key-oc-dock {max-height: calc(100vh - 2rem); overflow-y: auto;}
}
[data-testid="stPlotlyChart"] .modebar-container {display: none;}
[class*="st-key-oc-figure-"] {position: relative; container-type: inline-size;}
@container (max-width: 24rem) {
  [class*="st-key-oc-menu-"] {background: light-dark(#FCFBF8, #14191F);}
  [class*="st-key-oc-menu-"] button [data-testid="stMarkdownContainer"] {position: absolute; width: 1px; height: 1px;
    overflow: hidden; clip-path: inset(50%);}
}
[class*="st-key-oc-figures"] [class*="st-key-oc-later-"]:not(:has([data-testid="stPlotlyChart"])) {min-height: 25rem;}
[class*="st-key-oc-menu-"] {position: absolute; right: 0; top: 0.1rem; width: auto; z-index: 2;}
[class*="st-key-oc-menu-"] button {min-height: 1.6rem; padding: 0 0.3rem;}
[class*="st-key-oc-menu-"] button p {font-size: 0.8rem;}
.oc-saves {display: grid; gap: 0.1rem;}
.oc-save {all: unset; cursor: pointer; padding: 0.25rem 0.1rem; font-size: 0.95rem;}
.oc-save:hover {color: var(--st-primary-color, #2F6DB5);}
.oc-save:focus-visible {outline: 2px solid var(--st-primary-color, #2F6DB5);}
.oc-cursor {position: absolute; pointer-events: none; border: 3px solid #B26A00; border-radius: 3px; z-index: 3;
  box-shadow: 0 0 0 1px #FFFFFF; color: transparent; overflow: hidden; font-size: 1px;}
.js-plotly-plot:focus-visible {outline: 3px solid var(--st-primary-color, #2F6DB5); outline-offset: 2px;}
.st-key-oc-cards {display: grid !important; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 0.9rem;}
.oc-card {display: grid; gap: 0.5rem; font-family: "Source Serif", Georgia, serif; font-size: 1.15rem;
  font-weight: 600;}
.oc-card img {height: 6.2rem; max-width: 100%; border-radius: 0.3rem;}
.st-key-oc-cards > * {position: relative;}
.st-key-oc-cards [data-testid="stPageLink-NavLink"]::after {content: ""; position: absolute; inset: 0;}
.st-key-oc-cards [data-testid="stPageLink-NavLink"], .st-key-oc-cards [data-testid="stPageLink"] {position: static;}
.st-key-oc-cards > *:hover {border-color: var(--st-primary-color, #2F6DB5);}
.st-key-oc-cards [data-testid="stPageLink-NavLink"] p {color: light-dark(#2F6DB5, #7FB2E8); font-weight: 600;}
[data-testid="stCaptionContainer"] {opacity: 1;}
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p {color: light-dark(#5B626A, #A6ACB4);}
.oc-themes {display: flex; gap: 0.15rem; margin-top: 1.1rem; font-size: 0.8rem;}
.oc-themes button {all: unset; cursor: pointer; padding: 0.1rem 0.5rem; border-radius: 0.7rem; opacity: 0.85;
  border: 1px solid transparent;}
.oc-themes button[aria-pressed="true"] {border-color: color-mix(in srgb, currentColor 45%, transparent); opacity: 1;}
.oc-themes button:focus-visible {outline: 2px solid currentColor;}
.oc-small {font-size: 0.87rem; overflow-wrap: anywhere;}
.oc-small a, .oc-facts a {color: inherit; text-decoration: underline;}
.st-key-oc-at-bring table {display: block; overflow-x: auto; max-width: 100%;}
.st-key-oc-at-bring td:nth-child(2) {min-width: 12rem;}
[data-testid="stMultiSelect"] [data-tag] {max-width: 100%; height: auto; min-height: 1.6rem; color: inherit;
  background: color-mix(in srgb, currentColor 11%, transparent);
  border: 1px solid color-mix(in srgb, currentColor 30%, transparent);}
[data-testid="stMultiSelect"] [data-tag] * {color: inherit;}
[data-testid="stMultiSelect"] [data-tag] > span {font-size: 0.79rem; white-space: normal; overflow-wrap: anywhere;
  max-width: none; line-height: 1.2;}
[data-testid="stBaseButton-primary"] {background: #2F6DB5; border-color: #2F6DB5; color: #FFFFFF;}
[data-testid="stBaseButton-primary"]:hover {background: #255A98; border-color: #255A98; color: #FFFFFF;}
.oc-benchmarks {gap: 0.55rem 1.6rem !important; font-size: 0.85rem !important;}
.oc-benchmarks dt {opacity: 1 !important;}
.oc-benchmarks dd {color: light-dark(#4A525B, #B9BEC4);}
.st-key-oc-figures > *, .st-key-oc-figures-wide > *, .st-key-oc-figures-views > * {min-width: 0;}
.block-container [data-testid="stPlotlyChart"] {margin-bottom: -0.4rem;}
</style>"""
